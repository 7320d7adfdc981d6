import { runCommand } from './documents.ts';
import { usersFile } from './files.ts';
import { readPassword } from './password-input.ts';
import { userCommand } from './user-command.ts';

/** `npm run user -- add|list|remove NAME`. The document: USERS_FILE, or that of the local stack in DATA_DIR. */
await runCommand(() => {
  const file = process.env['USERS_FILE'] ?? usersFile(process.env['DATA_DIR'] ?? '.local');
  return userCommand(process.argv.slice(2), { file, readPassword });
});
