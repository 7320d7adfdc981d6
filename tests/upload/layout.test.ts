import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutFor, maxEntityBytes, partCountOf, partRange, s3PartLimits } from '../../lib/upload/parts.ts';

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;
const tebibyte = 2 ** 40;
const leastPartBytes = 5 * mebibyte;
const mostPartBytes = 5 * gibibyte;
const mostParts = 10_000;

const totals = [
  1,
  leastPartBytes - 1,
  leastPartBytes,
  leastPartBytes + 1,
  8 * mebibyte - 1,
  8 * mebibyte,
  8 * mebibyte + 1,
  80 * gibibyte,
  5 * tebibyte,
  Math.floor(48.8 * tebibyte),
  mostParts * mostPartBytes,
];
const fragments = [1, 5_120, 65_537, 999_983, 1_000_000, 13_631_488, 2 * gibibyte, 5 * gibibyte];
const table = totals.flatMap((total) => fragments.map((fragment) => [total, fragment] as const));

/** What S3 asks of an upload, and this design of a layout. */
const expectGoodLayout = (totalBytes: number, fragmentBytes: number) => {
  const layout = layoutFor(totalBytes, fragmentBytes, s3PartLimits);
  const { partBytes } = layout;
  expect(layout.totalBytes).toBe(totalBytes);
  expect(partBytes).toBeGreaterThanOrEqual(leastPartBytes);
  expect(partBytes).toBeLessThanOrEqual(mostPartBytes);
  expect(partCountOf(layout)).toBeLessThanOrEqual(mostParts);

  const fewest = Math.ceil(totalBytes / mostParts);
  const least = Math.max(8 * mebibyte, fewest);
  const multiple = Math.ceil(least / fragmentBytes) * fragmentBytes;
  if (multiple > mostPartBytes) expect(partBytes).toBe(least);
  else {
    expect(partBytes % fragmentBytes).toBe(0);
    expect(partBytes).toBeGreaterThanOrEqual(least);
    // The smallest multiple: one fragment less would be too little.
    expect(partBytes - fragmentBytes).toBeLessThan(least);
  }
};

/** Parts follow each other without gap or overlap from 0 to the total; only the last may be short. */
const expectParts = (totalBytes: number, partBytes: number) => {
  const layout = { totalBytes, partBytes };
  const count = partCountOf(layout);
  const wrong: object[] = [];
  let at = 0;
  for (let number = 1; number <= count; number++) {
    const { from, end } = partRange(layout, number);
    if (from !== at || (number < count && end - from !== partBytes)) wrong.push({ number, from, end });
    at = end;
  }
  expect(wrong).toEqual([]);
  expect(at).toBe(totalBytes);
};

describe('layoutFor', () => {
  it.each(table)('%d bytes in fragments of %d', (total, fragment) => {
    expectGoodLayout(total, fragment);
    expectParts(total, layoutFor(total, fragment, s3PartLimits).partBytes);
  });

  it.each([
    [1, 1, 8 * mebibyte],
    [8 * mebibyte, 5_120, 8_391_680],
    [8 * mebibyte, 65_537, 8_388_736],
    [100, 999_983, 8_999_847],
    [1_000_000_000, 1_000_000, 9_000_000],
    // A fragment longer than a part: its own length.
    [1_000_000_000, 13_631_488, 13_631_488],
    [80 * gibibyte, 1_000_000, 9_000_000],
    [5 * tebibyte, 1_000_000, 550_000_000],
    // Three fragments of 2 GiB would pass 5 GiB: parts are as small as they may be.
    [mostParts * mostPartBytes, 2 * gibibyte, mostPartBytes],
    [mostParts * (mostPartBytes - 1), 1_000_000, mostPartBytes - 1],
  ])('%d bytes in fragments of %d have parts of %d', (total, fragment, partBytes) => {
    expect(layoutFor(total, fragment, s3PartLimits).partBytes).toBe(partBytes);
  });

  it('any total and any fragment', () => {
    const total = fc.oneof(
      fc.integer({ min: 1, max: mostParts * mostPartBytes }),
      fc.integer({ min: 1, max: 100 * mebibyte }),
    );
    fc.assert(fc.property(total, fc.integer({ min: 1, max: mostPartBytes }), expectGoodLayout), {
      numRuns: 5000,
    });
  });

  it('an empty entity has one empty part', () => {
    const layout = layoutFor(0, 0, s3PartLimits);
    expect(layout).toEqual({ totalBytes: 0, partBytes: 8 * mebibyte });
    expect(partCountOf(layout)).toBe(1);
    expect(partRange(layout, 1)).toEqual({ from: 0, end: 0 });
  });

  it('holds for other limits too: a simulation in kilobytes', () => {
    const limits = { targetPartBytes: 8, maxPartBytes: 50, maxParts: 10 };
    expect(maxEntityBytes(limits)).toBe(500);
    for (let total = 1; total <= maxEntityBytes(limits); total++) {
      for (let fragment = 1; fragment <= 60; fragment++) {
        const layout = layoutFor(total, fragment, limits);
        expect(layout.partBytes).toBeLessThanOrEqual(limits.maxPartBytes);
        expect(layout.partBytes).toBeGreaterThanOrEqual(limits.targetPartBytes);
        expect(partCountOf(layout)).toBeLessThanOrEqual(limits.maxParts);
      }
    }
  });

  it('48.8 TiB is the most that S3 takes', () => {
    expect(maxEntityBytes(s3PartLimits)).toBe(53_687_091_200_000);
    expect(maxEntityBytes(s3PartLimits) / tebibyte).toBeCloseTo(48.828, 3);
  });
});

describe('partRange', () => {
  it.each([
    [1, 10, [[0, 1]]],
    [10, 10, [[0, 10]]],
    [
      11,
      10,
      [
        [0, 10],
        [10, 11],
      ],
    ],
    [
      20,
      10,
      [
        [0, 10],
        [10, 20],
      ],
    ],
    [
      25,
      10,
      [
        [0, 10],
        [10, 20],
        [20, 25],
      ],
    ],
  ])('%d bytes in parts of %d', (totalBytes, partBytes, ranges) => {
    const layout = { totalBytes, partBytes };
    expect(partCountOf(layout)).toBe(ranges.length);
    expect(ranges.map((_, index) => partRange(layout, index + 1))).toEqual(
      ranges.map(([from, end]) => ({ from, end })),
    );
  });
});
