import type { Publishing, Stored } from '../session/session.ts';
import { uploadTarget } from './held.ts';
import { type FoundObject, type ListedPart, ObjectStoreError } from './object-store.ts';
import { partCountOf, partRange } from './parts.ts';
import type { Budget, UploadServices } from './services.ts';

/** What became of a publication. */
export type Verdict =
  | { readonly is: 'published' }
  /**
   * What is there now does not say that it is ours: a consumer may have moved it already, or a later file replaced it.
   * `isBelieved`: nor did S3 ever say so, and nothing is there.
   */
  | { readonly is: 'unverified'; readonly why: string; readonly isBelieved: boolean }
  /** Somebody else's object is there and may not be replaced. */
  | { readonly is: 'taken' }
  /** Acknowledged bytes are gone, or are not what was sent: nothing is published. */
  | { readonly is: 'lost'; readonly why: string };

const published: Verdict = { is: 'published' };
const taken: Verdict = { is: 'taken' };
/**
 * The upload is gone and its object is not to be seen. The stamp came after a listing that passed, so a completion of this
 * session used it up, and a consumer has moved the object since. Where somebody else's object stands in a place that may
 * not be overwritten this is not believed: success is never reported over another's file.
 */
const usedUp = (now: Owner): Verdict => ({
  is: 'unverified',
  why: 'the upload was used up and its object is not to be seen',
  isBelieved: now === 'nobody',
});

/** How often a Complete is tried in one invocation before the client is asked to come back. */
const maxTries = 3;

/** The parts of an upload if they are exactly the entity: every number, every size, and so the sum. */
export type Parts = ListedPart[] | 'gone' | 'wrong';

/** Lists the parts of a STORED or PUBLISHING session and compares them with its layout. */
export const verifyParts = async (
  services: UploadServices,
  session: Stored | Publishing,
  { signal }: Budget,
): Promise<Parts> => {
  const { entity } = session;
  try {
    const upload = { ...uploadTarget(services, session), uploadId: entity.uploadId };
    const parts = await services.objects.listParts(upload, signal);
    const isWhole =
      parts.length === partCountOf(entity) &&
      parts.every(({ number, sizeBytes }, index) => {
        const { from, end } = partRange(entity, index + 1);
        return number === index + 1 && sizeBytes === end - from;
      });
    return isWhole ? [...parts] : 'wrong';
  } catch (error) {
    if (error instanceof ObjectStoreError && error.code === 'NO_SUCH_UPLOAD') return 'gone';
    throw error;
  }
};

/**
 * Completes the object of a session: at its destination, for which it is stamped PUBLISHING, or in holding. Whatever S3
 * answers may be the echo of a completion whose answer was lost, so the object itself has the last word: it names the
 * session that made it.
 * @throws ObjectStoreError UNAVAILABLE when S3 did not decide: the upload lives, and a repeat carries on
 */
export const completeEntity = async (
  services: UploadServices,
  session: Stored | Publishing,
  listed: Parts,
  budget: Budget,
): Promise<Verdict> => {
  const { entity, closedEmpty } = session;
  const upload = { ...uploadTarget(services, session), uploadId: entity.uploadId };
  // In holding nobody else has the session's key.
  const onlyIfAbsent = session.place !== 'holding' && (closedEmpty || !session.allowOverwrites);
  let parts = listed;
  let lastError: unknown;
  for (let tries = 0; tries < maxTries; tries++) {
    const there = owner(session, await services.objects.head(upload, budget.signal));
    if (there === 'ours') return published;
    if (there === 'another' && onlyIfAbsent) return taken;
    if (parts === 'wrong') return { is: 'lost', why: 'the uploaded parts are not the entity' };
    if (parts === 'gone') return usedUp(there);
    const completion = { parts, totalBytes: entity.totalBytes, crc32: entity.crc32, onlyIfAbsent };
    const answer = await services.objects.completeUpload(upload, completion, budget.signal).catch((error) => {
      lastError = error;
      return 'unknown' as const;
    });
    switch (answer) {
      case 'completed':
        return afterwards(services, session, onlyIfAbsent, budget);
      case 'no-such-upload': {
        const now = owner(session, await services.objects.head(upload, budget.signal));
        if (now === 'another' && onlyIfAbsent) return taken;
        return now === 'ours' ? published : usedUp(now);
      }
      case 'mismatch': {
        const now = owner(session, await services.objects.head(upload, budget.signal));
        return now === 'ours'
          ? published
          : { is: 'lost', why: 'size or checksum differ from what was acknowledged' };
      }
      case 'conflict': {
        // A conflicting write may have destroyed the upload, or only made this one wait.
        const verdict = await afterConflict(services, session, onlyIfAbsent, budget);
        if (verdict !== 'alive') return verdict;
        break;
      }
      case 'invalid-part':
        // A late writer has uploaded a part again: its bytes are the same, its tag may not be.
        parts = await verifyParts(services, session, budget);
        break;
      case 'taken':
      case 'unknown':
        break; // the next look at the object decides
    }
  }
  const there = owner(session, await services.objects.head(upload, budget.signal));
  if (there === 'ours') return published;
  if (there === 'another' && onlyIfAbsent) return taken;
  throw new ObjectStoreError('UNAVAILABLE', 'S3 did not decide the completion', { cause: lastError });
};

/** Whether the object at the destination is this session's. */
export const isPublished = async (
  services: UploadServices,
  session: Stored | Publishing,
  { signal }: Budget,
): Promise<boolean> =>
  owner(session, await services.objects.head(uploadTarget(services, session), signal)) === 'ours';

type Owner = 'ours' | 'another' | 'nobody';

const owner = (session: Stored | Publishing, found: FoundObject | undefined): Owner => {
  if (found === undefined) return 'nobody';
  return found.sessionId === session.sessionId && found.sizeBytes === session.entity.totalBytes
    ? 'ours'
    : 'another';
};

/** S3 said 200, so it is published; a look tells whether it is still there to be seen. */
const afterwards = async (
  services: UploadServices,
  session: Stored | Publishing,
  onlyIfAbsent: boolean,
  { signal }: Budget,
): Promise<Verdict> => {
  const found = await services.objects
    .head(uploadTarget(services, session), signal)
    .catch(() => 'unanswered' as const);
  if (found === 'unanswered') return published;
  const there = owner(session, found);
  // Where files replace each other, one that came after ours is what was asked for.
  if (there === 'ours' || (there === 'another' && !onlyIfAbsent)) return published;
  const why = 'S3 completed the object, and another look did not find it';
  return { is: 'unverified', why, isBelieved: false };
};

const afterConflict = async (
  services: UploadServices,
  session: Stored | Publishing,
  onlyIfAbsent: boolean,
  budget: Budget,
): Promise<Verdict | 'alive'> => {
  const target = uploadTarget(services, session);
  const look = async () => owner(session, await services.objects.head(target, budget.signal));
  const first = await look();
  if (first === 'ours') return published;
  if (first === 'another' && onlyIfAbsent) return taken;
  if (Array.isArray(await verifyParts(services, session, budget))) return 'alive';
  // The upload is gone. If a completion of ours did it, the object is there now.
  const second = await look();
  if (second === 'ours') return published;
  if (second === 'another' && onlyIfAbsent) return taken;
  return { is: 'lost', why: 'a conflicting write destroyed the upload' };
};
