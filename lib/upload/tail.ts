import type { Piece } from '../session/session.ts';

/** How a fragment joins the tail: the pieces that stay, and those that are staged again together with it. */
export interface TailPlan {
  readonly keep: readonly Piece[];
  readonly merge: readonly Piece[];
  /** The new piece, without its attempt. */
  readonly offset: number;
  readonly level: number;
}

/**
 * Plans the piece for a fragment that begins at `next` and completes no part. A client may send fragments of 5,120
 * bytes, and the tail must fit the session item: when it is full, the trailing run of the lowest merge level that has two
 * or more pieces is staged again with the new fragment as one piece of the next level. Levels never rise along a tail,
 * so at most one piece of each lower level stands behind that run. At 5,120 bytes this writes 3.9 bytes per byte, at
 * 1,000,000 never more than once before the part.
 */
export const planTail = (tail: readonly Piece[], next: number, maxPieces: number): TailPlan => {
  if (tail.length < maxPieces) return { keep: tail, merge: [], offset: next, level: 0 };
  const start = startOfMerge(tail);
  const merge = tail.slice(start);
  return {
    keep: tail.slice(0, start),
    merge,
    offset: merge[0]?.offset ?? next,
    level: (merge[0]?.level ?? 0) + 1,
  };
};

const startOfMerge = (tail: readonly Piece[]): number => {
  for (let last = tail.length - 1; last > 0; last--) {
    const level = tail[last]?.level;
    if (tail[last - 1]?.level === level) return tail.findIndex((piece) => piece.level === level);
  }
  // All levels differ, which only a tail of very few pieces can come to: the last one grows.
  return tail.length - 1;
};

/** The byte length of piece `index` of a tail that ends at `next`. */
export const pieceBytes = (tail: readonly Piece[], index: number, next: number): number =>
  (tail[index + 1]?.offset ?? next) - (tail[index]?.offset ?? next);
