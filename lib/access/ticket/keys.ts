import { createPublicKey, type KeyObject } from 'node:crypto';
import { DocumentError, parseJsonDocument } from '../document.ts';

/** The keys that tickets may be signed with, by key id. */
export type TicketKeys = ReadonlyMap<string, KeyObject>;

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The keys document: a JWK set [RFC 7517] of Ed25519 public keys, each with a `kid`. Only public ones, so that nothing in
 * the service, and nobody who can read its documents, can make a ticket.
 * @throws DocumentError MALFORMED naming the key
 */
export const parseTicketKeys = (text: string): TicketKeys => {
  const document = parseJsonDocument('the ticket keys are', text);
  const listed = isFields(document) ? document['keys'] : undefined;
  if (!Array.isArray(listed))
    throw new DocumentError('MALFORMED', 'the ticket keys are no JWK set: no list `keys`');
  const keys = new Map<string, KeyObject>();
  for (const [index, jwk] of listed.entries()) {
    const { kid, kty, crv, x, d } = isFields(jwk) ? jwk : {};
    const refuse = (why: string) => new DocumentError('MALFORMED', `ticket keys: keys[${index}] ${why}`);
    if (typeof kid !== 'string' || kid === '') throw refuse('has no kid');
    if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string') throw refuse('is no Ed25519 key');
    if (d !== undefined) throw refuse('is a private key: only its public half belongs here');
    if (keys.has(kid)) throw refuse(`has the kid ${kid}, which another one has`);
    try {
      keys.set(kid, createPublicKey({ key: { kty, crv, x }, format: 'jwk' }));
    } catch (cause) {
      throw new DocumentError('MALFORMED', `ticket keys: keys[${index}] is no key`, { cause });
    }
  }
  return keys;
};
