import type { Entity, Session, Stored } from '../session/session.ts';
import { versionIs } from '../session/store.ts';
import { copying } from '../session/transitions.ts';
import { completeEntity, verifyParts } from './complete-entity.ts';
import { endAsLost } from './discard.ts';
import { holdingKey, uploadTarget } from './held.ts';
import { ObjectStoreError, type Target } from './object-store.ts';
import { layoutFor, partCountOf, partRange } from './parts.ts';
import { type Budget, momentOf, type UploadServices } from './services.ts';
import { settleAll } from './settle-all.ts';

/** A file in holding, complete. */
export interface HeldFile extends Target {
  readonly sizeBytes: number;
  readonly originalName: string;
}

/**
 * Completes the upload of a STORED session in the holding prefix, or finds that it was completed before. May be repeated
 * and raced: the bytes of a part are always the same.
 * @returns the file; `undefined` if acknowledged bytes are gone
 * @throws ObjectStoreError UNAVAILABLE when S3 did not decide
 */
export const completeHold = async (
  services: UploadServices,
  session: Stored,
  budget: Budget,
): Promise<HeldFile | undefined> => {
  const inHolding: Stored = { ...session, place: 'holding' };
  const target = uploadTarget(services, inHolding);
  if (session.place === 'holding') {
    const parts = await verifyParts(services, session, budget);
    const verdict = await completeEntity(services, session, parts, budget);
    if (verdict.is !== 'published') return undefined;
  }
  const found = await services.objects.head(target, budget.signal);
  if (found?.sessionId !== session.sessionId) return undefined;
  const { sizeBytes, originalName = nameOf(session.key) } = found;
  return { ...target, sizeBytes, originalName };
};

const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** Parts of a copy are so many times larger than those of an upload: they pass through nobody's memory. */
const copyFactor = 32;
/** S3 copies them side by side; each is one request that waits. */
const copiesAtOnce = 16;

/**
 * Copies a held file into a new multipart upload at its destination, which is then completed like any other: with the
 * whole file's CRC32 and size, which S3 verifies, and only where nothing is, if so configured. A single CopyObject could
 * promise neither, and would take minutes for a gigabyte. What a function that died has copied is not copied again.
 * @returns the session as it then is: every part of it is copied, or somebody else has moved it on
 * @throws ObjectStoreError UNAVAILABLE when S3 did not answer: a repeat carries on
 */
export const copyHeld = async (
  services: UploadServices,
  session: Stored,
  budget: Budget,
): Promise<Session | undefined> => {
  if (session.place === 'holding') return beginCopy(services, session, budget);
  const parts = await copiedParts(services, session, budget);
  // The upload is gone, and its object with it: the held file is still there to begin again.
  if (parts === undefined) return beginCopy(services, session, budget);
  const source: Target = { bucket: services.stagingBucket, key: holdingKey(session.sessionId) };
  const { entity } = session;
  const upload = { ...uploadTarget(services, session), uploadId: entity.uploadId };
  const partCount = partCountOf(entity);
  const missing = Array.from({ length: partCount }, (_, index) => index + 1).filter(
    (number) => parts.get(number) !== lengthOf(entity, number),
  );
  const copy = async (number: number) => {
    if (entity.totalBytes === 0) {
      // There is no range in nothing, and S3 does not say whether it copies nothing as a whole.
      return services.objects.uploadPart(upload, number, new Uint8Array(0), budget.signal);
    }
    const span = partCount === 1 ? undefined : partRange(entity, number);
    return services.objects.copyPart(upload, number, source, span, budget.signal);
  };
  try {
    for (let at = 0; at < missing.length; at += copiesAtOnce) {
      await settleAll(missing.slice(at, at + copiesAtOnce).map(copy));
    }
    return session;
  } catch (error) {
    if (!(error instanceof ObjectStoreError) || error.code === 'UNAVAILABLE') throw error;
    // The upload is gone or its source; a repeat begins another upload, as long as there is something to copy.
    if ((await completeHold(services, session, budget)) !== undefined) throw error;
    return endAsLost(services, session, 'the held file is gone', budget);
  }
};

const lengthOf = (entity: Entity, number: number): number => {
  const { from, end } = partRange(entity, number);
  return end - from;
};

/** Lengths of the parts that are there, by number; `undefined` if there is no such upload. */
const copiedParts = async (
  services: UploadServices,
  session: Stored,
  { signal }: Budget,
): Promise<ReadonlyMap<number, number> | undefined> => {
  try {
    const upload = { ...uploadTarget(services, session), uploadId: session.entity.uploadId };
    const parts = await services.objects.listParts(upload, signal);
    return new Map(parts.map(({ number, sizeBytes }) => [number, sizeBytes]));
  } catch (error) {
    if (error instanceof ObjectStoreError && error.code === 'NO_SUCH_UPLOAD') return undefined;
    throw error;
  }
};

/** The upload at the destination is named by the session before anything is copied into it. */
const beginCopy = async (
  services: UploadServices,
  session: Stored,
  budget: Budget,
): Promise<Session | undefined> => {
  const file = await completeHold(services, session, budget);
  if (file === undefined) return endAsLost(services, session, 'the held file is gone', budget);
  const { sessionId, principal, bucket, key } = session;
  const terms = services.objectTerms(session.destination, file.originalName);
  const metadata = { sessionId, principal, originalName: file.originalName, terms };
  const upload = await services.objects.createUpload({ bucket, key }, metadata, budget.signal);
  const { totalBytes, crc32, originalName } = session.entity;
  const { targetPartBytes, ...limits } = services.limits;
  const layout = layoutFor(totalBytes, 1, { ...limits, targetPartBytes: targetPartBytes * copyFactor });
  const entity = {
    ...layout,
    uploadId: upload.uploadId,
    partCount: partCountOf(layout),
    crc32,
    originalName,
  };
  const begun = copying(session, entity, momentOf(services));
  const commit = await services.sessions.write(begun, [versionIs(session.version)], budget.signal);
  if (commit.won) return copyHeld(services, begun, budget);
  const { current } = commit;
  // A commit whose answer was lost may have won, and others built on it since.
  const isNamed =
    (current?.state === 'stored' || current?.state === 'publishing') &&
    current.entity.uploadId === upload.uploadId;
  if (!isNamed) {
    await services.objects
      .abortUpload(upload, budget.signal)
      .catch((error) => services.alarm('bytes of nobody were left to the sweep', { sessionId, error }));
  }
  return current;
};
