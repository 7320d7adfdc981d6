import type { Piece } from '../../lib/session/session.ts';
import { layoutFor, type PartLimits, planFragment, s3PartLimits } from '../../lib/upload/parts.ts';
import { planTail, type TailPlan } from '../../lib/upload/tail.ts';

export interface SimulatedUpload {
  readonly totalBytes: number;
  /** Length of fragment `index`; the last one is cut at the total. */
  fragmentBytes(index: number): number;
  readonly maxPieces: number;
  readonly limits?: PartLimits;
  /** The simulation stops with the fragment that reaches this many bytes. */
  readonly stopAtBytes?: number;
  /** Told of every fragment that joins the tail, with the tail before and after it. */
  onTail?(before: readonly Piece[], next: number, plan: TailPlan, after: readonly Piece[], end: number): void;
}

export interface WrittenBytes {
  readonly received: number;
  /** Bytes of all PutObjects and UploadParts. */
  readonly written: number;
  readonly partBytes: number;
  readonly highestLevel: number;
}

/** Sends an upload through the arithmetic of parts and tails, without any bytes. */
export const simulateUpload = (upload: SimulatedUpload): WrittenBytes => {
  const { totalBytes, maxPieces, limits = s3PartLimits, stopAtBytes = totalBytes } = upload;
  const layout = layoutFor(totalBytes, Math.min(totalBytes, upload.fragmentBytes(0)), limits);
  let next = 0;
  let partCount = 0;
  let tail: readonly Piece[] = [];
  let written = 0;
  let highestLevel = 0;
  for (let index = 0; next < Math.min(totalBytes, stopAtBytes); index++) {
    const end = Math.min(totalBytes, next + upload.fragmentBytes(index));
    const attempt = index.toString(16).padStart(12, '0');
    const { parts, rest } = planFragment(layout, partCount, next, end);
    if (parts.length === 0) {
      const plan = planTail(tail, next, maxPieces);
      const after = [...plan.keep, { offset: plan.offset, level: plan.level, attempt }];
      upload.onTail?.(tail, next, plan, after, end);
      written += end - plan.offset;
      highestLevel = Math.max(highestLevel, plan.level);
      tail = after;
    } else {
      for (const part of parts) written += part.end - part.from;
      if (rest !== undefined) written += rest.end - rest.from;
      partCount += parts.length;
      tail = rest === undefined ? [] : [{ offset: rest.from, level: 0, attempt }];
    }
    next = end;
  }
  return { received: next, written, partBytes: layout.partBytes, highestLevel };
};
