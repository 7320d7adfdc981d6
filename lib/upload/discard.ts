import type { Complete, Publishing, Receiving, Session, Stored, Tombstone } from '../session/session.ts';
import { versionIs } from '../session/store.ts';
import { cleaned, discard } from '../session/transitions.ts';
import { holdingKey, isHeld, repliesPrefix, uploadTarget } from './held.ts';
import { type Budget, momentOf, type UploadServices } from './services.ts';
import { settleAll } from './settle-all.ts';
import { stagingPrefix } from './staging.ts';

/**
 * Deletes whatever a session has in staging: by listing, so what a lost attempt left there goes too. Of a held session that
 * is also its file and its reply: only for one that has ended.
 */
export const deleteStaging = async (
  services: UploadServices,
  session: Session,
  { signal }: Budget,
): Promise<void> => {
  const { sessionId } = session;
  const [pieces, replies] = await settleAll([
    services.objects.listPieces(stagingPrefix(sessionId), signal),
    isHeld(session) ? services.objects.listPieces(repliesPrefix(sessionId), signal) : [],
  ]);
  const keys = [...pieces, ...replies, ...(isHeld(session) ? [holdingKey(sessionId)] : [])];
  if (keys.length > 0) await services.objects.deletePieces(keys, signal);
};

/**
 * Discards what an ended session has left and lets the rest of it live out its time. The outcome is decided before this
 * begins, so a failure here is not the client's: the item stays due, and the sweep does it again.
 */
export const cleanUp = async (
  services: UploadServices,
  ended: Complete | Tombstone,
  budget: Budget,
): Promise<Complete | Tombstone> => {
  if (!ended.cleanUp.pending) return ended;
  try {
    const uploadId = ended.state === 'tombstone' ? ended.uploadId : undefined;
    await settleAll([
      uploadId === undefined
        ? undefined
        : services.objects.abortUpload({ ...uploadTarget(services, ended), uploadId }, budget.signal),
      deleteStaging(services, ended, budget),
    ]);
    const after = cleaned(ended, momentOf(services));
    await services.sessions.write(after, [versionIs(ended.version)], budget.signal);
    return after;
  } catch (error) {
    services.alarm('clean-up left to the sweep', { session: ended.sessionId, error });
    return ended;
  }
};

/**
 * Ends a session whose acknowledged bytes are not where it says, unless it has moved on since it was read: then they were
 * only somewhere else by now.
 * @returns the session as it then is
 */
export const endAsLost = async (
  services: UploadServices,
  session: Receiving | Stored | Publishing,
  why: string,
  budget: Budget,
): Promise<Session | undefined> => {
  const now = await services.sessions.read(session.sessionId, budget.signal);
  if (now?.version !== session.version) return now;
  services.alarm('acknowledged bytes lost', { session: session.sessionId, why });
  const ended = discard(session, 'lost', momentOf(services));
  const commit = await services.sessions.write(ended, [versionIs(session.version)], budget.signal);
  return commit.won ? cleanUp(services, ended, budget) : commit.current;
};
