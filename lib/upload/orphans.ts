import { uploadIdOf } from '../session/session.ts';
import type { SessionIndex } from '../session/session-index.ts';
import { heldKeysOf } from './held.ts';
import type { ListedUpload, ObjectInventory } from './object-inventory.ts';
import type { Budget, UploadServices } from './services.ts';
import { stagedKeysOf } from './staging.ts';
import { type WorkThroughOptions, workThrough } from './work-through.ts';

/** How old something must be before nobody can still be about to name it: longer than any function runs, by far. */
const minPieceAgeMs = 3_600_000;
const minUploadAgeMs = 86_400_000;

/** As many as S3 deletes in one call. */
const piecesPerCall = 1_000;
const concurrency = 4;

export interface OrphanReport {
  readonly piecesDeleted: number;
  readonly uploadsAborted: number;
  /** Calls that failed, with an alarm each: the next pass finds what they left. */
  readonly failed: number;
}

/**
 * Finds and removes staged pieces and multipart uploads that no session names: what functions left behind that died
 * between making something and committing it. Only what is old enough, and only on the word of sessions read after the
 * listing: whatever a session named at the listing's time, and still names, is seen.
 * @throws when something could not be listed, or a session not be read: then nothing is removed at all
 */
export const removeOrphans = async (
  services: UploadServices,
  sessions: SessionIndex,
  inventory: ObjectInventory,
  buckets: readonly string[],
  { signal }: Budget,
): Promise<OrphanReport> => {
  const nowMs = services.nowMs();
  const pieces = new Set<string>();
  for await (const { key, modifiedAtMs } of inventory.allPieces(signal)) {
    if (nowMs - modifiedAtMs > minPieceAgeMs) pieces.add(key);
  }
  const uploads = new Map<string, ListedUpload>();
  for (const bucket of buckets) {
    for await (const upload of inventory.openUploads(bucket, signal)) {
      if (nowMs - upload.initiatedAtMs > minUploadAgeMs) uploads.set(upload.uploadId, upload);
    }
  }
  if (pieces.size === 0 && uploads.size === 0) return { piecesDeleted: 0, uploadsAborted: 0, failed: 0 };

  for await (const session of sessions.allSessions(signal)) {
    for (const key of [...stagedKeysOf(session), ...heldKeysOf(session)]) pieces.delete(key);
    const uploadId = uploadIdOf(session);
    if (uploadId !== undefined) uploads.delete(uploadId);
  }

  const options: WorkThroughOptions<unknown> = {
    concurrency,
    mayStart: () => !signal.aborted,
    onFailure: (_, error) => services.alarm('orphans were left to the next pass', { error }),
  };
  let piecesDeleted = 0;
  const deletePieces = async (keys: readonly string[]) => {
    await services.objects.deletePieces(keys, signal);
    piecesDeleted += keys.length;
  };
  const deletions = await workThrough(inCalls([...pieces]), deletePieces, options);
  const abortUpload = (upload: ListedUpload) => services.objects.abortUpload(upload, signal);
  const aborts = await workThrough(uploads.values(), abortUpload, options);
  return { piecesDeleted, uploadsAborted: aborts.done, failed: deletions.failed + aborts.failed };
};

function* inCalls(keys: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < keys.length; at += piecesPerCall) yield keys.slice(at, at + piecesPerCall);
}
