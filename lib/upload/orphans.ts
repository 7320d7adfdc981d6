import { type Session, uploadIdOf } from '../session/session.ts';
import type { SessionIndex } from '../session/session-index.ts';
import type { ListedUpload, ObjectInventory } from './object-inventory.ts';
import type { Budget, UploadServices } from './services.ts';
import { stagingKey } from './staging.ts';

/** How old something must be before nobody can still be about to name it: longer than any function runs, by far. */
const minPieceAgeMs = 3_600_000;
const minUploadAgeMs = 86_400_000;

export interface OrphanReport {
  readonly piecesDeleted: number;
  readonly uploadsAborted: number;
}

/**
 * Finds and removes staged pieces and multipart uploads that no session names: what functions left behind that died
 * between making something and committing it. Only what is old enough, and only on the word of sessions read after the
 * listing: whatever a session named at the listing's time, and still names, is seen.
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
  if (pieces.size === 0 && uploads.size === 0) return { piecesDeleted: 0, uploadsAborted: 0 };

  for await (const session of sessions.allSessions(signal)) {
    for (const key of piecesOf(session)) pieces.delete(key);
    const uploadId = uploadIdOf(session);
    if (uploadId !== undefined) uploads.delete(uploadId);
  }
  await services.objects.deletePieces([...pieces], signal);
  for (const upload of uploads.values()) await services.objects.abortUpload(upload, signal);
  return { piecesDeleted: pieces.size, uploadsAborted: uploads.size };
};

const piecesOf = (session: Session): readonly string[] =>
  session.state === 'receiving'
    ? (session.progress?.tail ?? []).map((piece) => stagingKey(session.sessionId, piece))
    : [];
