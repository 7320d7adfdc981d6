import { createPrivateKey, randomUUID } from 'node:crypto';
import { CompactSign } from 'jose';
import { claimsFault, type TicketClaims, ticketType } from './claims.ts';
import { ticketParameter } from './query.ts';

/** An Ed25519 key to sign with, as a JWK with its private part `d`. */
export interface SigningKey {
  readonly kid: string;
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly d: string;
}

/** What a ticket lets its holder do. */
export interface TicketOptions {
  /** Upload to this one decoded URL path (`/uploads/inbox/a.zip`) … */
  readonly path?: string | undefined;
  /** … or to everything below this one (`/uploads/inbox/`). One of the two. */
  readonly prefix?: string | undefined;
  /** Who the upload counts as: bound to the session, in the object's metadata, in the log, `{principal}` in keys. */
  readonly principal: string;
  readonly expiresInSeconds: number;
  /** Default: whatever the destination takes. */
  readonly maximumUploadBytes?: number | undefined;
  /** Replace an object that is there, where the destination allows it too. Default false. */
  readonly overwrite?: boolean;
  /** Good for one upload. Default false. */
  readonly singleUse?: boolean;
  /** Default: now. */
  readonly nowMs?: number;
}

/** The options make no ticket that the service would take. */
export class TicketError extends Error {
  override readonly name = 'TicketError';
  readonly code = 'TICKET_INVALID';
}

/**
 * A signed ticket. This file and its two neighbours are all that a customer's backend needs to hand them out, with its own
 * key; `docs/access.md` shows how.
 * @throws TicketError naming the claim
 */
export const mintTicket = async (key: SigningKey, options: TicketOptions): Promise<string> => {
  const nowSeconds = Math.floor((options.nowMs ?? Date.now()) / 1000);
  const claims: TicketClaims = {
    sub: options.principal,
    iat: nowSeconds,
    exp: nowSeconds + options.expiresInSeconds,
    ...(options.path === undefined ? {} : { path: options.path }),
    ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
    ...(options.maximumUploadBytes === undefined ? {} : { max: options.maximumUploadBytes }),
    ...(options.overwrite === true ? { overwrite: true } : {}),
    ...(options.singleUse === true ? { once: true, jti: randomUUID() } : {}),
  };
  const fault = claimsFault(claims);
  if (fault !== undefined) throw new TicketError(fault);
  const { kid, kty, crv, x, d } = key;
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'EdDSA', kid, typ: ticketType })
    .sign(createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' }));
};

/** The URL that a BITS client is given: `base` (with its path, escaped, and query) and the ticket. */
export const ticketUrl = (base: URL, ticket: string): string =>
  `${base.href}${base.search === '' ? '?' : '&'}${ticketParameter}=${ticket}`;
