import { isKeptBack, keptBackAs } from '../session/decide-end.ts';
import type { Notification, Publishing, Receiving, Session, Stored } from '../session/session.ts';
import { versionIs } from '../session/store.ts';
import { discard, postpone } from '../session/transitions.ts';
import { verifyParts } from './complete-entity.ts';
import { cleanUp, deleteStaging } from './discard.ts';
import { discardSession, forgetSession } from './end-session.ts';
import { isHeld, uploadTarget } from './held.ts';
import { publish } from './publish.ts';
import { type Budget, momentOf, type UploadServices } from './services.ts';
import { settleAll } from './settle-all.ts';

/** How long a taken destination is left before the sweep looks again: somebody has to move an object. */
const takenRetrySeconds = 86_400;

/**
 * Does what a session has been waiting for, if it is due: publishes a file whose CLOSE never came, takes over a publication
 * whose function died, finishes a clean-up. May be repeated and raced by anything.
 * @returns the session as it then is; `undefined` if it was not due or is gone
 */
export const sweepSession = async (
  services: UploadServices,
  sessionId: string,
  budget: Budget,
): Promise<Session | undefined> => {
  // The index that named it may be behind, so only the item itself says what is due.
  const session = await services.sessions.read(sessionId, budget.signal);
  if (session === undefined || !isDue(session, services.nowMs())) return undefined;
  switch (session.state) {
    case 'receiving':
      return undefined;
    case 'stored':
      return sweepStored(services, session, budget);
    case 'publishing':
      return publishUnattended(services, session, budget);
    case 'complete':
      // With a reply: its time is over. Without: something is left to clean up.
      return session.notification === undefined
        ? cleanUp(services, session, budget)
        : forgetSession(services, session, budget);
    case 'tombstone':
      return cleanUp(services, session, budget);
  }
};

const isDue = (session: Session, nowMs: number): boolean => {
  const nowSeconds = Math.floor(nowMs / 1000);
  switch (session.state) {
    case 'receiving':
      return false;
    case 'stored':
    case 'publishing':
      return session.dueAtSeconds <= nowSeconds;
    case 'complete':
    case 'tombstone':
      return session.cleanUp.pending && session.cleanUp.dueAtSeconds <= nowSeconds;
  }
};

/**
 * A file that nobody is waiting for is not refused for a taken destination at once: it is kept, with an alarm, until the
 * hard end of its session, so that a person can make room.
 */
const sweepStored = async (
  services: UploadServices,
  session: Stored,
  budget: Budget,
): Promise<Session | undefined> => {
  if (isKeptBack(session)) return discardSession(services, session, keptBackAs(session), budget);
  const there = session.allowOverwrites ? undefined : await services.objects.head(session, budget.signal);
  const isTaken = there !== undefined && there.sessionId !== session.sessionId;
  if (!isTaken || session.closedEmpty) return publishUnattended(services, session, budget);

  return waitForRoom(services, session, budget);
};

/** Looks again in a day, with an alarm for whoever can make room; at the hard end of its session the file is discarded. */
const waitForRoom = async (
  services: UploadServices,
  session: Stored | Publishing,
  budget: Budget,
): Promise<Session | undefined> => {
  const moment = momentOf(services);
  const nowSeconds = Math.floor(moment.nowMs / 1000);
  const hardEndSeconds = Math.floor(session.createdAtMs / 1000) + services.timers.lifetimeSeconds;
  if (nowSeconds < hardEndSeconds) {
    services.alarm('an acknowledged file waits for its destination, which is taken', {
      session: session.sessionId,
    });
    const later = postpone(session, Math.min(nowSeconds + takenRetrySeconds, hardEndSeconds), moment);
    const commit = await services.sessions.write(later, [versionIs(session.version)], budget.signal);
    return commit.won ? later : commit.current;
  }
  return endAsTaken(services, session, budget);
};

const endAsTaken = async (
  services: UploadServices,
  session: Stored | Publishing,
  budget: Budget,
): Promise<Session | undefined> => {
  const ended = discard(session, 'refused', momentOf(services));
  const commit = await services.sessions.write(ended, [versionIs(session.version)], budget.signal);
  if (!commit.won) return commit.current;
  services.alarm('an acknowledged file was discarded: its destination is taken', {
    session: session.sessionId,
  });
  return cleanUp(services, ended, budget);
};

/** Publishes for nobody who waits: of what goes another way than a client would have heard, a person must hear. */
const publishUnattended = async (
  services: UploadServices,
  session: Stored | Publishing,
  budget: Budget,
): Promise<Session | undefined> => {
  const ended = await publish(services, session, 'sweep', budget);
  if (ended?.state === 'publishing') {
    // Of an upload that is gone nothing waits: it was completed, and the object is another's now.
    const isThere = isHeld(ended) || Array.isArray(await verifyParts(services, ended, budget));
    return isThere ? waitForRoom(services, ended, budget) : endAsTaken(services, ended, budget);
  }
  const { notification } = session;
  if (ended?.state === 'tombstone' && ended.outcome === 'published' && isUnanswered(notification)) {
    services.alarm('a file was published without an answer of its reply application', {
      session: session.sessionId,
    });
  }
  return ended;
};

const isUnanswered = (notification: Notification | undefined): boolean =>
  notification !== undefined && notification.is !== 'answered';

/**
 * Discards the bytes of a session whose item has expired and is gone. What a late writer still adds is found by the orphan
 * pass.
 */
export const discardExpired = async (
  services: UploadServices,
  session: Receiving,
  budget: Budget,
): Promise<void> => {
  const uploadId = session.progress?.uploadId;
  await settleAll([
    uploadId === undefined
      ? undefined
      : services.objects.abortUpload({ ...uploadTarget(services, session), uploadId }, budget.signal),
    deleteStaging(services, session, budget),
  ]);
};
