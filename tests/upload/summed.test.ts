import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32Of, joinCrc32, summed } from '../../lib/upload/summed.ts';

it('the sum of runs is the sum of their bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (buffers) => {
      expect(crc32Of(buffers.map(summed))).toBe(crc32(Buffer.concat(buffers)));
    }),
  );
});

it.each([1, 2 ** 16 - 1, 2 ** 16, 1_000_000])('also behind %d bytes', (length) => {
  const [first, second] = [Buffer.from('first'), Buffer.alloc(length, 'second')];
  expect(joinCrc32(crc32(first), crc32(second), length)).toBe(crc32(Buffer.concat([first, second])));
});

it('lengths beyond 32 bits are whole', () => {
  // 5 TiB in halves: the same sum, however it is joined.
  const half = 5 * 2 ** 39;
  const [a, b] = [0x12345678, 0x9abcdef0];
  const zeros = (sum: number, bytes: number) => joinCrc32(sum, 0, bytes);
  expect(zeros(zeros(a, half), half)).toBe(zeros(a, 2 * half));
  expect(joinCrc32(a, b, 2 * half)).toBe((zeros(a, 2 * half) ^ b) >>> 0);
});
