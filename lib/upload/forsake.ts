import { type Session, uploadIdOf } from '../session/session.ts';
import type { Budget, UploadServices } from './services.ts';
import { stagedKeysOf } from './staging.ts';
import type { StoredBytes } from './store-fragment.ts';

/**
 * The session has moved on, and what it does not name now it will never name: that much of this attempt goes. It may name
 * some of it: a commit whose answer was lost had won, and others have built on it before its repeat failed.
 */
export const forsake = async (
  services: UploadServices,
  { staged, privateUpload }: StoredBytes,
  current: Session | undefined,
  { signal }: Budget,
): Promise<void> => {
  const leave = (error: unknown) => services.alarm('bytes of nobody were left to the sweep', { error });
  const piece = staged !== undefined && !stagedKeysOf(current).includes(staged.key) ? staged : undefined;
  const upload =
    privateUpload !== undefined && privateUpload.uploadId !== (current && uploadIdOf(current))
      ? privateUpload
      : undefined;
  await Promise.all([
    // At once: the session may be over, and then nothing else would ever look here.
    piece && services.objects.deletePieces([piece.key], signal).catch(leave),
    upload && services.objects.abortUpload(upload, signal).catch(leave),
  ]);
};
