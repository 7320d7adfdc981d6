import type { Session } from './session.ts';

/** Looking over many sessions, which only the sweep does. */
export interface SessionIndex {
  /** Ids of the sessions whose `dueAt` has come, oldest first within a shard. May be behind the items by a moment. */
  dueSessions(nowSeconds: number, signal?: AbortSignal): AsyncIterable<string>;
  /** Every session, each as it was at some moment after the call (strongly consistent). */
  allSessions(signal?: AbortSignal): AsyncIterable<Session>;
}
