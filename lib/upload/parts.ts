import type { Layout } from '../session/session.ts';

/** What S3 and this design allow of parts. Parameters, so that a simulation can move kilobytes. */
export interface PartLimits {
  /** The least a part should have; S3 refuses parts under 5 MiB except the last, and only at Complete. */
  readonly targetPartBytes: number;
  /** The most S3 takes in one part. */
  readonly maxPartBytes: number;
  /** The most parts an upload may have. */
  readonly maxParts: number;
}

const mebibyte = 2 ** 20;

export const s3PartLimits: PartLimits = {
  // Larger than the least by a margin: fewer parts cost less, and 8 MiB still gathers in a small function's memory.
  targetPartBytes: 8 * mebibyte,
  maxPartBytes: 5 * 1024 * mebibyte,
  maxParts: 10_000,
};

/** The largest entity that these limits can hold: 48.8 TiB on S3. */
export const maxEntityBytes = (limits: PartLimits): number => limits.maxPartBytes * limits.maxParts;

/**
 * The layout of an entity, fixed with its first accepted fragment: parts are the smallest multiple of that fragment's
 * length which is at least `max(targetPartBytes, ceil(total / maxParts))`. Clients cut most files evenly, so part
 * boundaries fall on fragment boundaries and nothing is left over. Where the multiple would pass what S3 takes, parts
 * are as small as they may be.
 */
export const layoutFor = (totalBytes: number, firstFragmentBytes: number, limits: PartLimits): Layout => {
  const fewest = Math.ceil(totalBytes / limits.maxParts);
  const least = Math.max(limits.targetPartBytes, fewest);
  const cut = Math.max(1, firstFragmentBytes);
  const aligned = Math.ceil(least / cut) * cut;
  return {
    totalBytes,
    partBytes: aligned <= limits.maxPartBytes ? aligned : Math.min(least, limits.maxPartBytes),
  };
};

/** How many parts the entity has; an empty one is a single empty part. */
export const partCountOf = ({ totalBytes, partBytes }: Layout): number =>
  Math.max(1, Math.ceil(totalBytes / partBytes));

/** The bytes `[from, end)` of part `number`, which counts from 1. */
export const partRange = ({ totalBytes, partBytes }: Layout, number: number): Span => ({
  from: (number - 1) * partBytes,
  end: Math.min(number * partBytes, totalBytes),
});

/** Bytes `[from, end)` of the entity. */
export interface Span {
  readonly from: number;
  readonly end: number;
}

export interface PartSpan extends Span {
  readonly number: number;
}

/** What a fragment makes possible: the parts it completes, and what then waits in staging. */
export interface FragmentPlan {
  readonly parts: readonly PartSpan[];
  /** Bytes of the fragment behind the last part it completes; `undefined` when nothing is left over. */
  readonly rest: Span | undefined;
}

/**
 * Plans bytes `[next, end)` behind `partCount` finished parts. The fragment that reaches the total completes the last
 * part, whatever its size; an empty entity has one empty part.
 */
export const planFragment = (layout: Layout, partCount: number, next: number, end: number): FragmentPlan => {
  const done = end === layout.totalBytes ? partCountOf(layout) : Math.floor(end / layout.partBytes);
  const parts = Array.from({ length: Math.max(0, done - partCount) }, (_, index) => {
    const number = partCount + index + 1;
    return { number, ...partRange(layout, number) };
  });
  const from = Math.max(next, parts.at(-1)?.end ?? next);
  return { parts, rest: from < end ? { from, end } : undefined };
};
