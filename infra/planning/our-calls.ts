import type { Piece } from '../../lib/session/session.ts';
import { layoutFor, partCountOf, planFragment, s3PartLimits } from '../../lib/upload/parts.ts';
import type { UploadLimits } from '../../lib/upload/services.ts';
import { pieceBytes, planTail } from '../../lib/upload/tail.ts';
import { addUp, type Counts, fragmentsOf, invocation, type UploadShape } from './counts.ts';
import { s3CallMs, timing, workMs } from './timing.ts';

/** Calls of the stores, named as their interfaces name them. */
export interface StoreCalls {
  readonly head: number;
  readonly putPiece: number;
  readonly getPiece: number;
  readonly deletePieces: number;
  readonly listPieces: number;
  readonly createUpload: number;
  readonly uploadPart: number;
  readonly listParts: number;
  readonly completeUpload: number;
  readonly read: number;
  readonly write: number;
}

/** An upload as this design carries it out, replayed from the very functions that decide it. */
export interface OurUpload {
  readonly calls: StoreCalls;
  readonly s3BytesWritten: number;
  readonly s3BytesRead: number;
  readonly fragments: number;
  readonly parts: number;
  /** Waiting for services and working, of all invocations. */
  readonly billedMs: number;
}

/** How the design is replayed. */
export interface ReplayOptions {
  readonly limits?: UploadLimits;
  /** Whether every fragment meets an environment that remembers the session and its pieces, or none does. */
  readonly isWarm?: boolean;
}

const designLimits: UploadLimits = { ...s3PartLimits, maxTailPieces: 20 };

/**
 * Replays CREATE-SESSION, every FRAGMENT and CLOSE-SESSION of one file to a destination that may not be overwritten, nothing
 * going wrong. `tests/planning` holds it to what the functions really call.
 */
export const replayUpload = (
  { fileBytes, fragmentBytes }: UploadShape,
  { limits = designLimits, isWarm = true }: ReplayOptions = {},
): OurUpload => {
  const layout = layoutFor(fileBytes, Math.min(fragmentBytes, fileBytes), limits);
  let tail: readonly Piece[] = [];
  let partCount = 0;
  let garbage = 0;
  let [fragments, putPiece, getPiece, deletePieces, uploadPart] = [0, 0, 0, 0, 0];
  let [s3BytesWritten, s3BytesRead, billedMs] = [0, 0, 0];

  for (const { from, end } of fragmentsOf({ fileBytes, fragmentBytes })) {
    fragments++;
    let waitMs = fragments === 1 || !isWarm ? timing.dynamodbCallMs : 0;
    const readBack = (pieces: readonly Piece[]): number => {
      const bytes = pieces.map((piece) => pieceBytes(tail, tail.indexOf(piece), from));
      if (!isWarm && pieces.length > 0) {
        getPiece += pieces.length;
        s3BytesRead += sum(bytes);
        waitMs += s3CallMs(Math.max(...bytes));
      }
      return sum(bytes);
    };
    // What another environment replaced is not this one's to delete: CLOSE finds it.
    if (garbage > 0 && isWarm) {
      deletePieces++;
      garbage = 0;
    }
    const plan = planFragment(layout, partCount, from, end);
    if (plan.parts.length === 0) {
      const { keep, merge, offset, level } = planTail(tail, from, limits.maxTailPieces);
      const bytes = readBack(merge) + end - from;
      putPiece++;
      s3BytesWritten += bytes;
      waitMs += s3CallMs(bytes);
      garbage += merge.length;
      tail = [...keep, { offset, level, attempt: '' }];
    } else {
      readBack(tail);
      if (partCount === 0) waitMs += s3CallMs(0);
      const parts = plan.parts.map((part) => part.end - part.from);
      uploadPart += parts.length;
      s3BytesWritten += sum(parts);
      waitMs += s3CallMs(sum(parts));
      partCount += parts.length;
      garbage += tail.length;
      tail = [];
      if (plan.rest !== undefined) {
        putPiece++;
        s3BytesWritten += plan.rest.end - plan.rest.from;
        tail = [{ offset: plan.rest.from, level: 0, attempt: '' }];
      }
    }
    billedMs += waitMs + timing.dynamodbCallMs + workMs(end - from);
  }
  const createMs = s3CallMs(0) + timing.dynamodbCallMs + workMs(0);
  const closeMs = 5 * s3CallMs(0) + 3 * timing.dynamodbCallMs + workMs(0);
  return {
    calls: {
      head: 3,
      putPiece,
      getPiece,
      deletePieces: deletePieces + (garbage > 0 ? 1 : 0),
      listPieces: 1,
      createUpload: 1,
      uploadPart,
      listParts: 1,
      completeUpload: 1,
      read: 1 + (isWarm ? 1 : fragments),
      write: 1 + fragments + 2,
    },
    s3BytesWritten,
    s3BytesRead,
    fragments,
    parts: partCountOf(layout),
    billedMs: billedMs + createMs + closeMs,
  };
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** S3 lists a thousand parts or objects in one answer. */
const listedPerCall = 1_000;

/**
 * Into the index that the sweep reads when the last byte has come, within it when publishing begins (out and in again), and out
 * of it at the end.
 */
export const indexWriteUnits = 4;

/** What one upload asks of AWS. Every item is under 1 KB: a write is one unit, a read one. */
export const ourCounts = (shape: UploadShape, options: ReplayOptions = {}): Counts => {
  const { calls, ...upload } = replayUpload(shape, options);
  const pages = Math.max(1, Math.ceil(upload.parts / listedPerCall));
  const staged = options.isWarm === false ? calls.putPiece : 0;
  const stagedPages = Math.max(1, Math.ceil(staged / listedPerCall));
  return addUp([
    {
      s3Writes:
        calls.putPiece + calls.uploadPart + calls.createUpload + calls.completeUpload + pages + stagedPages,
      s3Reads: calls.head + calls.getPiece,
      s3Deletes: calls.deletePieces - 1 + stagedPages,
      s3BytesWritten: upload.s3BytesWritten,
      s3BytesRead: upload.s3BytesRead,
      dynamodbWriteUnits: calls.write + indexWriteUnits,
      dynamodbReadUnits: calls.read,
    },
    invocation(0, 0),
    invocation(0, upload.billedMs),
    { invocations: upload.fragments, loadBalancerBytes: shape.fileBytes + 1_000 * upload.fragments },
  ]);
};
