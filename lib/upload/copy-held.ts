import type { Entity, Publishing, Session, Stored } from '../session/session.ts';
import { versionIs } from '../session/store.ts';
import { copying } from '../session/transitions.ts';
import { uploadTarget } from './held.ts';
import type { HeldFile } from './hold.ts';
import { ObjectStoreError } from './object-store.ts';
import { layoutFor, partCountOf, partRange } from './parts.ts';
import { type Budget, momentOf, type UploadServices } from './services.ts';
import { settleAll } from './settle-all.ts';

/** Parts of a copy are so many times larger than those of an upload: they pass through nobody's memory. */
const copyFactor = 32;
/** S3 copies them side by side; each is one request that waits. */
const copiesAtOnce = 16;

/** A copy that the session names, or the session as somebody else has moved it on. */
export type BegunCopy<S> =
  | { readonly won: true; readonly session: S }
  | { readonly won: false; readonly current: Session | undefined };

/**
 * Begins a copy of a held file: a new multipart upload at its destination, which is then completed like any other: with the
 * whole file's CRC32 and size, which S3 verifies, and only where nothing is, if so configured. A single CopyObject could
 * promise neither, and would take minutes for a gigabyte. The session names the upload before anything is copied into it.
 */
export const beginCopy = async <S extends Stored | Publishing>(
  services: UploadServices,
  session: S,
  file: HeldFile,
  budget: Budget,
): Promise<BegunCopy<S>> => {
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
  if (commit.won) return { won: true, session: begun };
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
  return { won: false, current };
};

/**
 * Copies what is not in the copy yet: what a function that died has copied is not copied again.
 * @returns whether every part is there; `false` if the upload is gone, or the held file
 * @throws ObjectStoreError UNAVAILABLE when S3 did not answer: a repeat carries on
 */
export const copyParts = async (
  services: UploadServices,
  session: Stored | Publishing,
  budget: Budget,
): Promise<boolean> => {
  const { entity } = session;
  const upload = { ...uploadTarget(services, session), uploadId: entity.uploadId };
  const source = uploadTarget(services, { ...session, place: 'holding' });
  const partCount = partCountOf(entity);
  const copy = async (number: number) => {
    if (entity.totalBytes === 0) {
      // There is no range in nothing, and S3 does not say whether it copies nothing as a whole.
      return services.objects.uploadPart(upload, number, new Uint8Array(0), budget.signal);
    }
    const span = partCount === 1 ? undefined : partRange(entity, number);
    return services.objects.copyPart(upload, number, source, span, budget.signal);
  };
  try {
    const listed = await services.objects.listParts(upload, budget.signal);
    const sizes = new Map(listed.map(({ number, sizeBytes }) => [number, sizeBytes]));
    const missing = Array.from({ length: partCount }, (_, index) => index + 1).filter(
      (number) => sizes.get(number) !== lengthOf(entity, number),
    );
    for (let at = 0; at < missing.length; at += copiesAtOnce) {
      await settleAll(missing.slice(at, at + copiesAtOnce).map(copy));
    }
    return true;
  } catch (error) {
    if (error instanceof ObjectStoreError && error.code === 'NO_SUCH_UPLOAD') return false;
    throw error;
  }
};

const lengthOf = (entity: Entity, number: number): number => {
  const { from, end } = partRange(entity, number);
  return end - from;
};
