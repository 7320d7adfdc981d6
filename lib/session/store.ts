import type { Session } from './session.ts';

/** A named condition on the stored item; a write happens only if all of its clauses hold. */
export type Clause =
  | { readonly is: 'absent' }
  | { readonly is: 'version'; readonly version: number }
  | { readonly is: 'not-expired'; readonly nowSeconds: number };

/** No item has this key. */
export const isAbsent: Clause = { is: 'absent' };

/** The item is the one that was read: every write of it makes a new version. */
export const versionIs = (version: number): Clause => ({ is: 'version', version });

/** The item has no end, or it has not come yet. An expired session is over even while DynamoDB still keeps it. */
export const isNotExpired = (nowMs: number): Clause => ({
  is: 'not-expired',
  nowSeconds: Math.floor(nowMs / 1000),
});

/** What became of a write. A loser is told the item that won, or that there is none. */
export type Commit = { readonly won: true } | { readonly won: false; readonly current: Session | undefined };

/** What a principal has open: sessions that have accepted a fragment and have not come to their end. */
export interface OpenSessions {
  readonly count: number;
  /** Their totals, summed. */
  readonly declaredBytes: number;
}

/**
 * Where sessions live. Every implementation passes tests/contract/session-store.ts.
 * Methods reject with a StoreError when the store did not answer: then nothing is known of the write.
 */
export interface SessionStore {
  /** The session as it is now (strongly consistent), expired or not; `undefined` if there is none. */
  read(sessionId: string, signal?: AbortSignal): Promise<Session | undefined>;

  /**
   * Replaces the item if all clauses hold. A failed condition whose item names this very attempt was a win whose answer
   * got lost on the way (the SDK repeats a call that was not answered), and is reported as won.
   */
  write(session: Session, clauses: readonly Clause[], signal?: AbortSignal): Promise<Commit>;

  /**
   * Takes a ticket that is good for one upload: `true` for the first session that asks, and for that one as often as it
   * asks again; `false` for every other. Remembered until `expiresAtSeconds`, beside the sessions and never as one.
   */
  takeTicket(
    ticketId: string,
    sessionId: string,
    expiresAtSeconds: number,
    signal?: AbortSignal,
  ): Promise<boolean>;

  /**
   * What a principal has open, counted no further than to the first of the two in `most`; callers without credentials have
   * nothing. May be behind the items by a moment, and an expired session counts until the database has deleted it.
   */
  openSessions(principal: string, most: OpenSessions, signal?: AbortSignal): Promise<OpenSessions>;
}

/** The store failed or did not answer. The state of a write is unknown. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: 'UNAVAILABLE' | 'CORRUPT';

  constructor(code: StoreError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
