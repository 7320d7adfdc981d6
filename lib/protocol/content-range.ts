/**
 * A `Content-Range` of a fragment. Both ends are inclusive and count from 0. Offsets are unsigned 64-bit on the wire
 * [MC-BUP 3.2.1], so they stay bigints until `toSafeRange` has seen that a number holds them exactly.
 */
export interface WireRange {
  readonly first: bigint;
  readonly last: bigint;
  readonly total: bigint;
}

const rangePattern = /^bytes +(\d{1,20})[ \t]*-[ \t]*(\d{1,20})[ \t]*\/[ \t]*(\d{1,20})$/i;
const emptyPattern = /\/[ \t]*0{1,20}$/;

/** `bytes first-last/total` with `first ≤ last < total`; a total of `*` is not allowed. Anything else is `undefined`. */
export const parseContentRange = (text: string): WireRange | undefined => {
  const match = rangePattern.exec(text);
  if (match === null) return undefined;
  const [first, last, total] = match.slice(1).map(BigInt);
  if (first === undefined || last === undefined || total === undefined) return undefined;
  return first <= last && last < total ? { first, last, total } : undefined;
};

/** Whether the value announces an entity of zero bytes: whatever stands before the slash, `/0` ends it. */
export const announcesEmptyEntity = (text: string): boolean => emptyPattern.test(text);

/** A range whose three values are exact numbers. The end is exclusive: `[first, end)`. */
export interface ByteRange {
  readonly first: number;
  readonly end: number;
  readonly total: number;
}

/** The range in numbers, or `undefined` where a number would round: such an entity is too large to be taken. */
export const toSafeRange = ({ first, last, total }: WireRange): ByteRange | undefined =>
  total <= BigInt(Number.MAX_SAFE_INTEGER)
    ? { first: Number(first), end: Number(last) + 1, total: Number(total) }
    : undefined;

/** A `Content-Length`: decimal digits only. */
export const parseContentLength = (text: string): bigint | undefined =>
  /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
