import { runCommand } from './documents.ts';
import { signingKeyFile, ticketKeysFile } from './files.ts';
import { ticketCommand } from './ticket-command.ts';

/** `npm run ticket`. Keys: TICKET_KEYS_FILE and TICKET_SIGNING_KEY_FILE, or those of the local stack in DATA_DIR. */
await runCommand(() => {
  const { env } = process;
  const dataDir = env['DATA_DIR'] ?? '.local';
  return ticketCommand(process.argv.slice(2), {
    keysFile: env['TICKET_KEYS_FILE'] ?? ticketKeysFile(dataDir),
    signingKeyFile: env['TICKET_SIGNING_KEY_FILE'] ?? signingKeyFile(dataDir),
    nowMs: Date.now,
  });
});
