import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packedPieceBytes, packTail, unpackTail } from '../../lib/session/tail-codec.ts';

const attempt = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));

describe('tail codec', () => {
  it('takes 12 bytes a piece, in order: offset behind the part boundary, level, attempt', () => {
    const packed = packTail(
      [
        { offset: 1000, level: 2, attempt: '0102030405ff' },
        { offset: 1000 + 0x01_02_03_04, level: 0, attempt: 'a1a2a3a4a5a6' },
      ],
      1000,
    );
    expect(packedPieceBytes).toBe(12);
    expect(Buffer.from(packed).toString('hex')).toBe(
      ['0000000000', '02', '0102030405ff', '0001020304', '00', 'a1a2a3a4a5a6'].join(''),
    );
  });

  it('reads back whatever lies within a part of 5 GiB, behind any boundary of 48.8 TiB', () => {
    const piece = fc.record({ ahead: fc.nat(5 * 2 ** 30), level: fc.nat(255), attempt });
    fc.assert(
      fc.property(fc.nat(49 * 2 ** 40), fc.array(piece, { maxLength: 20 }), (start, pieces) => {
        const tail = pieces.map(({ ahead, level, attempt }) => ({ offset: start + ahead, level, attempt }));
        const packed = packTail(tail, start);
        expect(packed.byteLength).toBe(tail.length * packedPieceBytes);
        expect(unpackTail(packed, start)).toEqual(tail);
      }),
    );
  });

  it('reads a view into a larger buffer, as a database client may hand it over', () => {
    const tail = [{ offset: 7, level: 1, attempt: '0102030405ff' }];
    const packed = packTail(tail, 0);
    const larger = new Uint8Array(packed.byteLength + 10);
    larger.set(packed, 5);
    expect(unpackTail(larger.subarray(5, 5 + packed.byteLength), 0)).toEqual(tail);
  });

  it.each([1, 11, 13, 23])('is not made of %d bytes', (bytes) => {
    expect(unpackTail(new Uint8Array(bytes), 0)).toBeUndefined();
  });

  it.each([
    ['a piece before the boundary', { offset: 99, level: 0, attempt: '0102030405ff' }],
    ['an offset beyond 5 bytes', { offset: 100 + 2 ** 40, level: 0, attempt: '0102030405ff' }],
    ['a level beyond 1 byte', { offset: 100, level: 256, attempt: '0102030405ff' }],
  ])('refuses to write %s wrongly', (_, piece) => {
    expect(() => packTail([piece], 100)).toThrow(RangeError);
  });
});
