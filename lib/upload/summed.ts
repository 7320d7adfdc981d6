import { crc32 } from 'node:zlib';

/** Bytes with the CRC32 of all of them, which is computed once wherever they go. */
export interface Summed {
  readonly bytes: Uint8Array;
  readonly crc32: number;
}

export const summed = (bytes: Uint8Array): Summed => ({ bytes, crc32: crc32(bytes) });

/** The bits of CRC32's polynomial, x^31 … x^0 from the lowest bit up [ISO 3309]. */
const polynomial = 0xedb88320;

/** The product of two polynomials modulo CRC32's; bit 31 of a number is the coefficient of x^0. */
const multiply = (a: number, b: number): number => {
  let product = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ polynomial : shifted >>> 1;
  }
  return product >>> 0;
};

/** `powers[k]` is x^(8 · 2^k): what 2^k bytes of zeros do to a CRC. Enough of them for 2^53 bytes. */
const powers: readonly number[] = (() => {
  const found = [multiply(1 << 27, 1 << 27)];
  while (found.length < 53) {
    const last = found.at(-1) ?? 0;
    found.push(multiply(last, last));
  }
  return found;
})();

/**
 * The CRC32 of two runs of bytes, one behind the other, from theirs: as if it had been computed over both. Costs some 20
 * multiplications, whatever the lengths.
 */
export const joinCrc32 = (first: number, second: number, secondBytes: number): number => {
  let moved = first >>> 0;
  for (let rest = secondBytes, bit = 0; rest > 0; rest = Math.floor(rest / 2), bit++) {
    if (rest % 2 === 1) moved = multiply(powers[bit] ?? 0, moved);
  }
  return (moved ^ second) >>> 0;
};

/** The CRC32 of runs in their order. */
export const crc32Of = (runs: readonly Summed[]): number =>
  runs.reduce((sum, run) => joinCrc32(sum, run.crc32, run.bytes.byteLength), 0);
