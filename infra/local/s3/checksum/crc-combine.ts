import { reflectedPolynomials } from './crc.ts';

/** The algorithms whose value over a whole follows from the values over its pieces. */
export type CombinableAlgorithm = keyof typeof reflectedPolynomials;

/**
 * The CRC of pieces laid end to end, from each piece's CRC and length: no byte is read again.
 *
 * A CRC is a remainder modulo the polynomial, so appending n bytes multiplies the remainder so far by x^(8n):
 * crc(A‖B) = crc(A)·x^(8|B|) + crc(B). The all-ones start and end values of these CRCs cancel out.
 */
export function combineCrcs(
  algorithm: CombinableAlgorithm,
  pieces: readonly { readonly crc: Buffer; readonly sizeBytes: number }[],
): Buffer {
  const field = fieldOf(algorithm);
  const shifts = new Map<number, bigint>();
  let combined = 0n;
  for (const { crc, sizeBytes } of pieces) {
    // Parts but the last have one size, so the power is worked out twice, not ten thousand times.
    const shift = shifts.get(sizeBytes) ?? field.powerOfX(8n * BigInt(sizeBytes));
    shifts.set(sizeBytes, shift);
    combined = field.multiply(combined, shift) ^ BigInt(`0x${crc.toString('hex')}`);
  }
  const { width } = reflectedPolynomials[algorithm];
  return Buffer.from(combined.toString(16).padStart(Number(width / 4n), '0'), 'hex');
}

/** Arithmetic modulo one polynomial; bit `width − 1` is x⁰. */
function fieldOf(algorithm: CombinableAlgorithm) {
  const { width, polynomial } = reflectedPolynomials[algorithm];
  const one = 1n << (width - 1n);

  function multiply(a: bigint, b: bigint): bigint {
    let product = 0n;
    let shifted = b;
    for (let bit = one; bit > 0n; bit >>= 1n) {
      if (a & bit) product ^= shifted;
      shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
    }
    return product;
  }

  function powerOfX(exponent: bigint): bigint {
    let result = one;
    let square = one >> 1n;
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = multiply(result, square);
      square = multiply(square, square);
    }
    return result;
  }

  return { multiply, powerOfX };
}
