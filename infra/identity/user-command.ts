import { maxPairBytes, parseBasic } from '../../lib/access/basic/credentials.ts';
import { hashPassword } from '../../lib/access/basic/password-hash.ts';
import { parseUsers, userNameFault } from '../../lib/access/basic/users.ts';
import { CommandError, readDocument, writeDocument } from './documents.ts';

export interface UserCommandOptions {
  /** Of the users document. */
  readonly file: string;
  /** Asks for the password: never an argument, where every process of the machine could read it. */
  readonly readPassword: () => Promise<string>;
}

const usage =
  'npm run user -- add NAME | remove NAME | list   (the password comes from the terminal or standard input)';
/** Guessed over the network, one try costs a request and a quarter of a second of scrypt. */
const minPasswordLength = 12;

/**
 * `npm run user`: the users of Basic, in a local document. Returns what to print.
 * @throws CommandError, DocumentError
 */
export const userCommand = async (
  [verb, name, ...rest]: readonly string[],
  { file, readPassword }: UserCommandOptions,
): Promise<string> => {
  const text = (await readDocument(file)) ?? '{}';
  const users = [...parseUsers(text).keys()];
  if (verb === 'list' && name === undefined) {
    return users.length === 0 ? `no users in ${file}` : users.join('\n');
  }
  if ((verb !== 'add' && verb !== 'remove') || name === undefined || rest.length > 0) {
    throw new CommandError('USAGE', usage);
  }
  const document = new Map<string, unknown>(Object.entries(JSON.parse(text)));
  if (verb === 'remove') {
    if (!document.delete(name)) throw new CommandError('NOT_POSSIBLE', `${file} has no user ${name}`);
  } else {
    const fault = userNameFault(name);
    if (fault !== undefined) throw new CommandError('NOT_POSSIBLE', `the name ${fault}`);
    const password = await readPassword();
    if (password.length < minPasswordLength) {
      throw new CommandError('NOT_POSSIBLE', `a password has at least ${minPasswordLength} characters`);
    }
    if (!canBeSent(name, password)) {
      throw new CommandError(
        'NOT_POSSIBLE',
        `no client could sign in with it: a password has no control characters, and with its name at most ${maxPairBytes - 1} bytes`,
      );
    }
    document.set(name, await hashPassword(password));
  }
  await writeDocument(file, Object.fromEntries(document));
  return [
    `${verb === 'add' ? 'kept' : 'removed'} ${name} in ${file}`,
    'The local stack takes it up within five minutes. A deployment has it once the document is in its secret:',
    `  aws secretsmanager put-secret-value --secret-id SECRET --secret-string file://${file}`,
    'where SECRET is the output UsersSecretArn of the stack (docs/deployment.md).',
  ].join('\n');
};

/** Whether the service reads the pair in a client's header as it was kept. */
const canBeSent = (name: string, password: string): boolean => {
  const pair = Buffer.from(`${name}:${password}`, 'utf8').toString('base64');
  return parseBasic(`Basic ${pair}`)?.password === password;
};
