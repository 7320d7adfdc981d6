import type { Publishing, Stored } from '../session/session.ts';
import { completeEntity, verifyParts } from './complete-entity.ts';
import { uploadTarget } from './held.ts';
import type { Target } from './object-store.ts';
import type { Budget, UploadServices } from './services.ts';

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
  session: Stored | Publishing,
  budget: Budget,
): Promise<HeldFile | undefined> => {
  if (session.place === 'holding') {
    const parts = await verifyParts(services, session, budget);
    const verdict = await completeEntity(services, session, parts, budget);
    if (verdict.is !== 'published') return undefined;
  }
  return findHeld(services, session, budget);
};

/** The file in holding; `undefined` if it is not there, or not whole. */
export const findHeld = async (
  services: UploadServices,
  session: Stored | Publishing,
  { signal }: Budget,
): Promise<HeldFile | undefined> => {
  const target = uploadTarget(services, { ...session, place: 'holding' });
  const found = await services.objects.head(target, signal);
  if (found?.sessionId !== session.sessionId || found.sizeBytes !== session.entity.totalBytes)
    return undefined;
  const { sizeBytes, originalName = nameOf(session.key) } = found;
  return { ...target, sizeBytes, originalName };
};

const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);
