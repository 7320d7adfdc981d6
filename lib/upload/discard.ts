import type { Receiving, Session, Stored, Tombstone } from '../session/session.ts';
import { versionIs } from '../session/store.ts';
import { cleaned, discard } from '../session/transitions.ts';
import { type Budget, momentOf, type UploadServices } from './services.ts';
import { settleAll } from './settle-all.ts';
import { stagingPrefix } from './staging.ts';

/** Deletes whatever a session has in staging: one listing, so what a lost attempt left there goes too. */
export const deleteStaging = async (
  services: UploadServices,
  session: Session,
  { signal }: Budget,
): Promise<void> => {
  const keys = await services.objects.listPieces(stagingPrefix(session.sessionId), signal);
  if (keys.length > 0) await services.objects.deletePieces(keys, signal);
};

/**
 * Discards the bytes of an ended session and lets its tombstone live out its time. The outcome is decided before this
 * begins, so a failure here is not the client's: the item stays due, and the sweep does it again.
 */
export const cleanUp = async (
  services: UploadServices,
  tombstone: Tombstone,
  budget: Budget,
): Promise<Tombstone> => {
  if (!tombstone.cleanUp.pending) return tombstone;
  try {
    const { bucket, key, uploadId } = tombstone;
    await settleAll([
      uploadId === undefined
        ? undefined
        : services.objects.abortUpload({ bucket, key, uploadId }, budget.signal),
      deleteStaging(services, tombstone, budget),
    ]);
    const after = cleaned(tombstone, momentOf(services));
    await services.sessions.write(after, [versionIs(tombstone.version)], budget.signal);
    return after;
  } catch (error) {
    services.alarm('clean-up left to the sweep', { session: tombstone.sessionId, error });
    return tombstone;
  }
};

/**
 * Ends a session whose acknowledged bytes are not where it says, unless it has moved on since it was read: then they were
 * only somewhere else by now.
 * @returns the session as it then is
 */
export const endAsLost = async (
  services: UploadServices,
  session: Receiving | Stored,
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
