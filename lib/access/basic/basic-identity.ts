import type { CachedDocument } from '../document.ts';
import type { Identify } from '../identity.ts';
import { Remembered } from '../remembered.ts';
import { type Credentials, parseBasic } from './credentials.ts';
import { isPassword } from './password-hash.ts';
import { decoyFor, type Users } from './users.ts';

/** A fragment does not pay for hashing while its environment remembers its credentials. */
const maxRemembered = 1_000;
const rememberedForMs = 300_000;

export interface BasicOptions {
  readonly users: CachedDocument<Users>;
  nowMs(): number;
}

/**
 * HTTP Basic [RFC 7617]. What was found out about a header is remembered, right or wrong; apart from each other, so that
 * no flood of guesses displaces the fleet. All of it is forgotten when the users change.
 */
export const basicIdentity = ({ users, nowMs }: BasicOptions): Identify => {
  const accepted = new Remembered<string>(maxRemembered, rememberedForMs, nowMs);
  const refused = new Remembered<true>(maxRemembered, rememberedForMs, nowMs);
  let knownUsers: Users | undefined;

  return async ({ headers }) => {
    const header = headers.get('Authorization');
    const credentials = parseBasic(header);
    if (header === undefined || credentials === undefined) return undefined;
    const current = await users.get();
    if (current !== knownUsers) {
      accepted.clear();
      refused.clear();
      knownUsers = current;
    }
    const remembered = accepted.get(header);
    if (remembered !== undefined) return { kind: 'basic', principal: remembered };
    if (refused.get(header) === true) return undefined;
    if (!(await isRight(credentials, current))) {
      refused.set(header, true);
      return undefined;
    }
    accepted.set(header, credentials.user);
    return { kind: 'basic', principal: credentials.user };
  };
};

/** The same work whether the user exists or not. */
const isRight = async ({ user, password }: Credentials, users: Users): Promise<boolean> => {
  const kept = users.get(user);
  const matches = await isPassword(password, kept ?? decoyFor(user, users));
  return matches && kept !== undefined;
};
