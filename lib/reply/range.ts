/** Bytes `[from, end)` of something. */
export interface ByteSpan {
  readonly from: number;
  readonly end: number;
}

/**
 * The bytes that a `Range` header asks for [RFC 9110 14.2]. `undefined`: all of them, also where the header is none that is
 * known here (another unit, several ranges, bad syntax), which the RFC has ignored. `unsatisfiable`: none that exists.
 */
export const rangeOf = (
  header: string | undefined,
  sizeBytes: number,
): ByteSpan | 'unsatisfiable' | undefined => {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '');
  if (match === null) return undefined;
  const [first = '', last = ''] = match.slice(1);
  if (first === '' && last === '') return undefined;
  if (first === '') return spanOf(sizeBytes - Math.min(Number(last), sizeBytes), sizeBytes);
  if (last === '') return spanOf(Number(first), sizeBytes);
  if (Number(last) < Number(first)) return undefined;
  return spanOf(Number(first), Math.min(Number(last) + 1, sizeBytes));
};

const spanOf = (from: number, end: number): ByteSpan | 'unsatisfiable' =>
  from < end ? { from, end } : 'unsatisfiable';
