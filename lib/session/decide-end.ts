import type { ErrorCode } from '../protocol/errors.ts';
import type { Complete, Notification, Outcome, Publishing, Receiving, Session, Stored } from './session.ts';

type FailedNotification = Extract<Notification, { is: 'failed' }>;

/** What CLOSE-SESSION does to the session it names. */
export type CloseDecision =
  | { readonly do: 'refuse'; readonly code: ErrorCode; readonly why: string }
  /** A reply application has failed for good: the client hears the same again, and the file stays. */
  | { readonly do: 'repeat-failure'; readonly notification: FailedNotification }
  /** A tombstone repeats its outcome. */
  | { readonly do: 'repeat'; readonly outcome: Outcome }
  /** Published before: only the session is left to end. */
  | { readonly do: 'forget'; readonly session: Complete }
  | { readonly do: 'publish'; readonly session: Stored | Publishing }
  /** Nothing was ever sent: an empty object, if the destination is free (Z2). */
  | { readonly do: 'publish-empty'; readonly session: Receiving }
  /** A reply application has answered, and did not ask for the file to be published. */
  | { readonly do: 'end'; readonly session: Stored; readonly outcome: 'answered' | 'refused' }
  /** A reply application is being asked: its answer says what happens to the file. */
  | { readonly do: 'await-notification'; readonly session: Stored }
  /** A partial file is never published. */
  | { readonly do: 'discard-early'; readonly session: Receiving };

/**
 * The table of CLOSE-SESSION. `session` is what the packet may see, `undefined` if nothing. With a reply application there
 * is no empty file without a fragment: the application would never hear of it.
 * @param hasApplication whether the destination still has one that could be asked
 */
export const decideClose = (
  session: Session | undefined,
  nowMs: number,
  hasApplication: boolean,
): CloseDecision => {
  switch (session?.state) {
    case undefined:
      return { do: 'refuse', code: 'SESSION_NOT_FOUND', why: 'no such session for this URL and principal' };
    case 'complete':
      return { do: 'forget', session };
    case 'receiving':
      return session.progress === undefined && session.place === 'destination'
        ? { do: 'publish-empty', session }
        : { do: 'discard-early', session };
    case 'stored':
      return decideCloseStored(session, nowMs, hasApplication);
    case 'publishing':
      return { do: 'publish', session };
    case 'tombstone':
      return { do: 'repeat', outcome: session.outcome };
  }
};

/**
 * No CLOSE publishes what an application has not asked to have published: a client that closes early, or after a failure,
 * would get past it.
 */
const decideCloseStored = (session: Stored, nowMs: number, hasApplication: boolean): CloseDecision => {
  const { notification } = session;
  if (isBeingNotified(session, nowMs)) return { do: 'await-notification', session };
  if (isKeptBack(session)) return { do: 'end', session, outcome: keptBackAs(session) };
  if (notification?.is === 'failed') return { do: 'repeat-failure', notification };
  if (notification === undefined || notification.is === 'answered' || !hasApplication) {
    return { do: 'publish', session };
  }
  return {
    do: 'refuse',
    code: 'APPLICATION_FAILED',
    why: 'the application has not answered: the last fragment has to be repeated first',
  };
};

/** Whether the application is being asked at this moment, by whoever holds the lease. */
export const isBeingNotified = ({ notification }: Stored, nowMs: number): boolean =>
  notification?.is === 'sent' && notification.leaseUntilMs > nowMs;

/**
 * Whether the application wants the file not to appear: it answered without asking for that, or refused the file with 403.
 * A failure of any other kind is no word on the file, which is published without an answer at the session's end.
 */
export const isKeptBack = ({ notification }: Stored): boolean =>
  notification?.is === 'answered'
    ? !notification.publish
    : notification?.is === 'failed' && notification.status === 403;

/** How a session ends that is kept back. */
export const keptBackAs = ({ notification }: Stored): 'answered' | 'refused' =>
  notification?.is === 'answered' ? 'answered' : 'refused';

/** The error that an outcome is answered with at CLOSE-SESSION, or `undefined` for success. */
export const closeErrorOf: Readonly<Record<Outcome, ErrorCode | undefined>> = {
  published: undefined,
  answered: undefined,
  cancelled: undefined,
  refused: 'ACCESS_DENIED',
  early: 'INVALID_REQUEST',
  lost: 'UPLOAD_LOST',
};

/** What CANCEL-SESSION does to the session it names. */
export type CancelDecision =
  | { readonly do: 'refuse'; readonly code: ErrorCode; readonly why: string }
  | { readonly do: 'repeat' }
  /** The published object stays; the session ends. */
  | { readonly do: 'forget'; readonly session: Complete }
  | { readonly do: 'discard'; readonly session: Receiving | Stored }
  /** Past the point of no return: wait until the publication is decided, then success; the object stays. */
  | { readonly do: 'await-publication'; readonly session: Publishing };

/** The table of CANCEL-SESSION. */
export const decideCancel = (session: Session | undefined): CancelDecision => {
  switch (session?.state) {
    case undefined:
      return { do: 'refuse', code: 'SESSION_NOT_FOUND', why: 'no such session for this URL and principal' };
    case 'complete':
      return { do: 'forget', session };
    case 'receiving':
    case 'stored':
      return { do: 'discard', session };
    case 'publishing':
      return { do: 'await-publication', session };
    case 'tombstone':
      return { do: 'repeat' };
  }
};
