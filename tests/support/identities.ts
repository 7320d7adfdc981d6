import { generateKeyPairSync } from 'node:crypto';
import { basicIdentity } from '../../lib/access/basic/basic-identity.ts';
import { hashPassword } from '../../lib/access/basic/password-hash.ts';
import { parseUsers } from '../../lib/access/basic/users.ts';
import { CachedDocument } from '../../lib/access/document.ts';
import type { Evidence, Identify } from '../../lib/access/identity.ts';
import { parseTicketKeys } from '../../lib/access/ticket/keys.ts';
import type { SigningKey } from '../../lib/access/ticket/mint.ts';
import { ticketIdentity } from '../../lib/access/ticket/ticket-identity.ts';
import { RequestHeaders } from '../../lib/protocol/request.ts';

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

/** A key to sign tickets with. */
export const newSigningKey = (kid: string): SigningKey => {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { kid, kty: 'OKP', crv: 'Ed25519', x: x ?? '', d: d ?? '' };
};

/** The keys document: the public halves. */
export const keysDocument = (...keys: readonly SigningKey[]): string =>
  JSON.stringify({ keys: keys.map(({ kid, kty, crv, x }) => ({ kid, kty, crv, x })) });

/** Tickets signed with one of these keys. */
export const ticketIdentityOf = (nowMs: () => number, ...keys: readonly SigningKey[]): Identify =>
  ticketIdentity({
    keys: new CachedDocument({
      read: async () => keysDocument(...keys),
      parse: parseTicketKeys,
      nowMs,
      alarm: () => undefined,
    }),
    nowMs,
  });

/** What a packet shows that shows nothing else. */
export const evidenceOf = (
  shown: Partial<Evidence> & { readonly header?: readonly [name: string, value: string] | undefined },
): Evidence => ({
  headers: new RequestHeaders(shown.header === undefined ? [] : [shown.header]),
  tickets: [],
  opensSession: false,
  isCertificateVerified: false,
  principalFrom: null,
  ...shown,
});
