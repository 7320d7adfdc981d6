import { basicIdentity } from '../../lib/access/basic/basic-identity.ts';
import { hashPassword } from '../../lib/access/basic/password-hash.ts';
import { parseUsers } from '../../lib/access/basic/users.ts';
import { CachedDocument } from '../../lib/access/document.ts';
import type { Identify } from '../../lib/access/identity.ts';

/** As cheap as scrypt gets: what is tested is not how long it takes. */
export const cheapCosts = { cost: 2, blockSize: 1, parallelization: 1 };

/** The users document of names and passwords. */
export const usersDocument = async (passwords: Readonly<Record<string, string>>): Promise<string> => {
  const hashed = Object.entries(passwords).map(async ([name, password]) => [
    name,
    await hashPassword(password, cheapCosts),
  ]);
  return JSON.stringify(Object.fromEntries(await Promise.all(hashed)));
};

/** Basic for these users, hashed once it is needed. */
export const basicIdentityOf = (passwords: Readonly<Record<string, string>>): Identify => {
  const users = new CachedDocument({
    read: () => usersDocument(passwords),
    parse: parseUsers,
    nowMs: () => 0,
    alarm: () => undefined,
  });
  return basicIdentity({ users, nowMs: () => 0 });
};
