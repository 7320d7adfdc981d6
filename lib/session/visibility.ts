import type { Session } from './session.ts';

/** What a packet says about who it is for. */
export interface Claim {
  readonly urlHash: string;
  readonly principal: string;
  /** Sessions created then or later do not show themselves: a ticket that has expired still finishes what it began. */
  readonly createdBeforeMs?: number;
}

/** Whether the session is over by its own clock: refused at once, long before anything deletes it. */
export const isExpired = (session: Session, nowMs: number): boolean => {
  const nowSeconds = Math.floor(nowMs / 1000);
  switch (session.state) {
    case 'receiving':
      return session.expiresAtSeconds <= nowSeconds;
    case 'complete':
    case 'tombstone':
      return !session.cleanUp.pending && session.cleanUp.expiresAtSeconds <= nowSeconds;
    case 'stored':
    case 'publishing':
      // Everything is acknowledged: the sweep publishes such a session, it never expires.
      return false;
  }
};

/**
 * Check C10: the session, if the packet may see it. Another URL, another principal, an expired session and no session
 * at all look exactly alike.
 */
export const visibleSession = (
  session: Session | undefined,
  claim: Claim,
  nowMs: number,
): Session | undefined =>
  session !== undefined &&
  session.urlHash === claim.urlHash &&
  session.principal === claim.principal &&
  session.createdAtMs < (claim.createdBeforeMs ?? Number.POSITIVE_INFINITY) &&
  !isExpired(session, nowMs)
    ? session
    : undefined;
