import type { Publishing, Session, Stored } from '../session/session.ts';
import { completeEntity, type Parts, type Verdict, verifyParts } from './complete-entity.ts';
import { beginCopy, copyParts } from './copy-held.ts';
import { endAsLost } from './discard.ts';
import { uploadTarget } from './held.ts';
import { completeHold, findHeld } from './hold.ts';
import { ObjectStoreError } from './object-store.ts';
import type { Budget, UploadServices } from './services.ts';

/** How many copies of a held file are completed in one invocation before the client is asked to come back. */
const maxCopies = 3;

/**
 * Copies the held file of a STORED session to its destination, in a multipart upload that is still to be completed.
 * @returns the session with every part of it copied, or as somebody else has moved it on
 * @throws ObjectStoreError UNAVAILABLE when S3 did not answer: a repeat carries on
 */
export const copyHeld = async (
  services: UploadServices,
  session: Stored,
  budget: Budget,
): Promise<Session | undefined> => {
  if (session.place === 'from-holding' && (await copyParts(services, session, budget))) return session;
  const file = await completeHold(services, session, budget);
  if (file === undefined) return endAsLost(services, session, 'the held file is gone', budget);
  const begun = await beginCopy(services, session, file, budget);
  if (!begun.won) return begun.current;
  if (await copyParts(services, begun.session, budget)) return begun.session;
  // Somebody else may have copied the rest and completed it: then the session has moved on.
  const now = await services.sessions.read(session.sessionId, budget.signal);
  if (now?.version !== begun.session.version) return now;
  throw new ObjectStoreError('UNAVAILABLE', 'the copy or the held file went while it was copied');
};

/**
 * Completes the copy of a held file, under the stamp of this invocation. As long as the file is in holding nothing is lost
 * and nothing is taken on trust: a copy that S3 has thrown away, that has other bytes, or of which nobody knows what has
 * become, is begun again. It may so be published twice, if a consumer has moved the first object before anybody saw it.
 * @param onBegun hears of the session whenever it names another copy, and is still this invocation's
 * @returns the verdict; or the session as somebody else has moved it on
 * @throws ObjectStoreError UNAVAILABLE when it was not decided: a repeat carries on
 */
export const completeCopy = async (
  services: UploadServices,
  stamped: Publishing,
  listed: Parts,
  onBegun: (session: Publishing) => void,
  budget: Budget,
): Promise<{ readonly verdict: Verdict } | { readonly current: Session | undefined }> => {
  let session = stamped;
  let parts = listed;
  for (let copies = 1; ; copies++) {
    if (parts === 'wrong') {
      await copyParts(services, session, budget);
      parts = await verifyParts(services, session, budget);
    }
    const verdict = await completeEntity(services, session, parts, budget);
    const isOpen = verdict.is === 'lost' || (verdict.is === 'unverified' && verdict.isBelieved);
    const file = isOpen ? await findHeld(services, session, budget) : undefined;
    if (!isOpen || file === undefined) return { verdict };
    if (copies === maxCopies) throw new ObjectStoreError('UNAVAILABLE', `no copy of ${copies} came to be`);
    const { sessionId } = session;
    services.alarm('a held file is copied to its destination again', {
      session: sessionId,
      why: verdict.why,
    });
    const begun = await beginCopy(services, session, file, budget);
    if (!begun.won) return begun;
    await services.objects
      .abortUpload({ ...uploadTarget(services, session), uploadId: session.entity.uploadId }, budget.signal)
      .catch((error) => services.alarm('bytes of nobody were left to the sweep', { sessionId, error }));
    session = begun.session;
    onBegun(session);
    parts = 'wrong';
  }
};
