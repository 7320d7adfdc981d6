import { createHash } from 'node:crypto';
import { compactVerify, errors } from 'jose';
import type { CachedDocument } from '../document.ts';
import type { Caller, Evidence, Grant, Identify } from '../identity.ts';
import { Remembered } from '../remembered.ts';
import { parseClaims, type TicketClaims, ticketType } from './claims.ts';
import type { TicketKeys } from './keys.ts';

/** The only algorithm there is, so that no header of a ticket has a say in how it is checked. */
const algorithm = 'EdDSA';
/** Far more than a ticket needs, and short enough to fit a URL. */
const maxTicketLength = 4_096;
const maxRemembered = 1_000;
const rememberedForMs = 300_000;
/** The clock of the backend that made it may be ahead of ours. */
const clockSkewSeconds = 60;

export interface TicketIdentityOptions {
  readonly keys: CachedDocument<TicketKeys>;
  nowMs(): number;
}

interface Verified {
  readonly claims: TicketClaims;
  readonly caller: Caller;
}

/**
 * Signed tickets, from the URL's `ticket` parameter or `Authorization: Bearer`. The signature is checked on every packet
 * (by memory, where this environment has checked it before), the end only where a session would begin: one that was
 * begun in time may be finished, and PING cannot know which of the two is coming.
 */
export const ticketIdentity = ({ keys, nowMs }: TicketIdentityOptions): Identify => {
  const verified = new Remembered<Verified>(maxRemembered, rememberedForMs, nowMs);
  let knownKeys: TicketKeys | undefined;

  const check = async (ticket: string): Promise<Verified | undefined> => {
    const current = await keys.get();
    if (current !== knownKeys) {
      verified.clear();
      knownKeys = current;
    }
    const remembered = verified.get(ticket);
    if (remembered !== undefined) return remembered;
    const claims = await verify(ticket, current);
    if (claims === undefined) return undefined;
    const found: Verified = {
      claims: claims.claims,
      caller: { kind: 'ticket', principal: claims.claims.sub, grant: grantOf(claims.claims, claims.kid) },
    };
    verified.set(ticket, found);
    return found;
  };

  return async (evidence) => {
    let past: Caller | undefined;
    for (const ticket of ticketsOf(evidence)) {
      const found = await check(ticket);
      if (found === undefined) continue;
      const nowSeconds = nowMs() / 1000;
      if (found.claims.nbf !== undefined && nowSeconds + clockSkewSeconds < found.claims.nbf) continue;
      if (nowSeconds < found.claims.exp) return found.caller;
      if (!evidence.opensSession) past ??= { ...found.caller, isPast: true };
    }
    return past;
  };
};

const ticketsOf = ({ tickets, headers }: Evidence): readonly string[] => {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get('Authorization') ?? '')?.[1];
  return bearer === undefined ? tickets : [...tickets, bearer];
};

/** The last character of a signature has bits that decoders ignore: one ticket would have many spellings. */
const isCanonical = (ticket: string): boolean => {
  const signature = ticket.slice(ticket.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
};

const verify = async (
  ticket: string,
  keys: TicketKeys,
): Promise<{ readonly claims: TicketClaims; readonly kid: string } | undefined> => {
  if (ticket.length > maxTicketLength || !isCanonical(ticket)) return undefined;
  let signedBy = '';
  try {
    const { payload, protectedHeader } = await compactVerify(
      ticket,
      ({ kid }) => {
        const key = keys.get(kid ?? '');
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        signedBy = kid ?? '';
        return key;
      },
      { algorithms: [algorithm] },
    );
    const claims = protectedHeader.typ === ticketType ? parseClaims(payload) : undefined;
    return claims === undefined ? undefined : { claims, kid: signedBy };
  } catch (error) {
    // Whatever is wrong with a ticket is the same to its bearer; anything else is a fault of ours.
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
};

const grantOf = (claims: TicketClaims, kid: string): Grant => ({
  isInScope: (path) =>
    claims.path === undefined
      ? claims.prefix !== undefined && path.startsWith(claims.prefix)
      : path === claims.path,
  maximumUploadBytes: claims.max ?? Number.POSITIVE_INFINITY,
  allowOverwrites: claims.overwrite === true,
  expiresAtSeconds: claims.exp,
  // Two backends may count alike: an id belongs to the key that signed it.
  singleUseId: claims.once === true ? idOf(kid, claims.jti ?? '') : undefined,
});

const idOf = (kid: string, jti: string): string =>
  createHash('sha256')
    .update(JSON.stringify([kid, jti]), 'utf8')
    .digest('base64url');
