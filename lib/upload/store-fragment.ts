import {
  type Entity,
  maxOriginalNameBytes,
  type Piece,
  type Progress,
  type Receiving,
} from '../session/session.ts';
import { uploadTarget } from './held.ts';
import { ObjectStoreError, type UploadRef } from './object-store.ts';
import { type FragmentPlan, layoutFor, partCountOf, planFragment } from './parts.ts';
import type { Budget, UploadServices } from './services.ts';
import { settleAll } from './settle-all.ts';
import { readPieces, stagingKey } from './staging.ts';
import { crc32Of, joinCrc32, type Summed, summed } from './summed.ts';
import { planTail } from './tail.ts';
import type { WarmState } from './warm.ts';

/** Bytes to be stored: `[from, from + body.byteLength)`, where `from` is the session's next offset. */
export interface IncomingBytes {
  readonly body: Uint8Array;
  readonly totalBytes: number;
  /** The client's name of the file, kept with the object. */
  readonly originalName: string;
}

/**
 * Bytes that are durable but not acknowledged: nothing names them until the session is committed with `progress`.
 */
export interface StoredBytes {
  readonly progress: Progress;
  /** Pieces that the committed session will not name any more. */
  readonly replacedKeys: readonly string[];
  /** What this attempt staged; remembered once committed, garbage if the commit is lost. */
  readonly staged: (Summed & { readonly key: string }) | undefined;
  /** The upload this attempt began; aborted if the commit is lost. */
  readonly privateUpload: UploadRef | undefined;
}

/**
 * Makes bytes durable. A fragment that completes no part costs one PutObject; one that does costs one UploadPart from
 * memory for each part (and a PutObject for what is left over, in parallel). Parts go only to an upload that is
 * committed, or private to this attempt.
 * @throws ObjectStoreError NO_SUCH_PIECE or NO_SUCH_UPLOAD when acknowledged bytes are not where the session says:
 *   the session has moved on, or they are lost; UNAVAILABLE otherwise. Nothing it began is still running then.
 */
export const storeFragment = async (
  services: UploadServices,
  warm: WarmState,
  session: Receiving,
  incoming: IncomingBytes,
  attempt: string,
  { signal }: Budget,
): Promise<StoredBytes> => {
  const { body } = incoming;
  const before = session.progress ?? emptyProgress(services, incoming);
  const end = before.next + body.byteLength;
  const plan = planFragment(before.layout, before.partCount, before.next, end);
  const own = summed(body);
  const after = { ...before, next: end, crc32: joinCrc32(before.crc32, own.crc32, body.byteLength) };
  const gather = (pieces: readonly Piece[]) =>
    readPieces(services.objects, warm, session.sessionId, before, pieces, signal);

  if (plan.parts.length === 0) {
    const { keep, merge, offset, level } = planTail(before.tail, before.next, services.limits.maxTailPieces);
    const staged = merge.length === 0 ? own : concat([...(await gather(merge)), own]);
    const piece = { offset, level, attempt };
    const key = stagingKey(session.sessionId, piece);
    await services.objects.putPiece(key, staged.bytes, signal, staged.crc32);
    return {
      progress: { ...after, tail: [...keep, piece] },
      replacedKeys: merge.map((merged) => stagingKey(session.sessionId, merged)),
      staged: { ...staged, key },
      privateUpload: undefined,
    };
  }

  const waiting = await gather(before.tail);
  const rest = restPiece(session, plan, body, before.next, attempt);
  const upload = await uploadOf(services, session, incoming, before, signal);
  try {
    await settleAll([
      uploadParts(services, warm, upload, before, plan, [...waiting, own], signal),
      rest === undefined ? undefined : services.objects.putPiece(rest.key, rest.bytes, signal, rest.crc32),
    ]);
  } catch (error) {
    // Nothing will ever name an upload that this attempt began; what cannot be aborted is the sweep's.
    if (before.uploadId !== undefined) throw error;
    await services.objects.abortUpload(upload, signal).catch(() => undefined);
    // It was private to this attempt, so no acknowledged byte was in it: that it is gone loses none.
    if (!(error instanceof ObjectStoreError) || error.code !== 'NO_SUCH_UPLOAD') throw error;
    throw new ObjectStoreError('UNAVAILABLE', 'an upload was gone as soon as it began', { cause: error });
  }
  return {
    progress: {
      ...after,
      uploadId: upload.uploadId,
      partCount: before.partCount + plan.parts.length,
      tail: rest === undefined ? [] : [rest.piece],
    },
    replacedKeys: before.tail.map((piece) => stagingKey(session.sessionId, piece)),
    staged: rest,
    privateUpload: before.uploadId === undefined ? upload : undefined,
  };
};

/** The entity, once every byte of it is in a part. */
export const entityOf = (
  { layout, next, partCount, uploadId, crc32 }: Progress,
  originalName: string,
): Entity | undefined =>
  uploadId !== undefined && next === layout.totalBytes && partCount === partCountOf(layout)
    ? { ...layout, uploadId, partCount, crc32, ...keptName(originalName) }
    : undefined;

const keptName = (originalName: string): Pick<Entity, 'originalName'> =>
  Buffer.byteLength(originalName, 'utf8') > maxOriginalNameBytes ? {} : { originalName };

const emptyProgress = (services: UploadServices, { totalBytes, body }: IncomingBytes): Progress => ({
  next: 0,
  layout: layoutFor(totalBytes, body.byteLength, services.limits),
  uploadId: undefined,
  partCount: 0,
  tail: [],
  crc32: 0,
});

const restPiece = (
  session: Receiving,
  { rest }: FragmentPlan,
  body: Uint8Array,
  next: number,
  attempt: string,
) => {
  if (rest === undefined) return undefined;
  const piece: Piece = { offset: rest.from, level: 0, attempt };
  // A copy, which `slice` of a Buffer is not: the memory of the body is used again for the next one.
  const own = summed(new Uint8Array(body.subarray(rest.from - next, rest.end - next)));
  return { ...own, piece, key: stagingKey(session.sessionId, piece) };
};

/** The session's upload, begun here if it has none. */
const uploadOf = async (
  services: UploadServices,
  session: Receiving,
  { originalName }: IncomingBytes,
  { uploadId }: Progress,
  signal: AbortSignal,
): Promise<UploadRef> => {
  const { sessionId, principal, destination, place } = session;
  const target = uploadTarget(services, session);
  return uploadId === undefined
    ? services.objects.createUpload(
        target,
        {
          sessionId,
          originalName,
          principal,
          ...(place === 'destination' ? { terms: services.objectTerms(destination, originalName) } : {}),
        },
        signal,
      )
    : { ...target, uploadId };
};

const concat = (runs: readonly Summed[]): Summed => ({
  bytes: Buffer.concat(runs.map(({ bytes }) => bytes)),
  crc32: crc32Of(runs),
});

/** Uploads parts from the runs, which begin where the last finished part ends. */
const uploadParts = async (
  services: UploadServices,
  warm: WarmState,
  upload: UploadRef,
  before: Progress,
  { parts, rest }: FragmentPlan,
  runs: readonly Summed[],
  signal: AbortSignal,
): Promise<void> => {
  const start = before.partCount * before.layout.partBytes;
  // Cuts and parts mostly line up: then the sum of the part is that of its runs, and nothing is read twice.
  const sum = parts.length === 1 && rest === undefined ? crc32Of(runs) : undefined;
  const send = (bytes: Uint8Array) =>
    settleAll(
      parts.map(({ number, from, end }) =>
        services.objects.uploadPart(upload, number, bytes.subarray(from - start, end - start), signal, sum),
      ),
    );
  const [first = new Uint8Array(0), ...others] = runs.map(({ bytes }) => bytes);
  await (others.length === 0 ? send(first) : warm.joined([first, ...others], send));
};
