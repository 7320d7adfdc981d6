import { createHmac, randomBytes } from 'node:crypto';
import { DocumentError, parseJsonDocument } from '../document.ts';
import { principalFault } from '../principal.ts';
import { type PasswordHash, parsePasswordHash, standardCosts } from './password-hash.ts';

/** Who may sign in: by name, in the order of the document. */
export type Users = ReadonlyMap<string, PasswordHash>;

/** What is wrong with a user's name, or `undefined`: it is a principal that fits into a Basic header. */
export const userNameFault = (name: string): string | undefined =>
  name.includes(':') ? 'has a colon, which ends the name in a Basic header' : principalFault(name);

/**
 * The users document: one JSON object, user name → what `hashPassword` gave.
 * @throws DocumentError MALFORMED naming the user
 */
export const parseUsers = (text: string): Users => {
  const document = parseJsonDocument('the users document is', text);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new DocumentError('MALFORMED', 'the users document is not an object of user names');
  }
  const users = new Map<string, PasswordHash>();
  for (const [name, value] of Object.entries(document)) {
    const fault = userNameFault(name);
    if (fault !== undefined)
      throw new DocumentError('MALFORMED', `users document: the name ${name} ${fault}`);
    const hash = typeof value === 'string' ? parsePasswordHash(value) : undefined;
    if (hash === undefined)
      throw new DocumentError('MALFORMED', `users document: no password hash for ${name}`);
    users.set(name, hash);
  }
  return users;
};

const decoyKey = randomBytes(32);

/**
 * A hash to check the password of an unknown user against: the work of some user that exists, always the same one for a
 * name, so that neither one answer nor many tell whether a name exists.
 */
export const decoyFor = (name: string, users: Users): PasswordHash => {
  const hashes = [...users.values()];
  const draw = createHmac('sha256', decoyKey).update(name, 'utf8').digest();
  return (
    hashes[draw.readUInt32BE() % Math.max(1, hashes.length)] ?? {
      ...standardCosts,
      salt: draw.subarray(0, 16),
      hash: draw,
    }
  );
};
