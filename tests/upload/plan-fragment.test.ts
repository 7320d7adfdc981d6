import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Layout } from '../../lib/session/session.ts';
import { layoutFor, partCountOf, partRange, planFragment, s3PartLimits } from '../../lib/upload/parts.ts';

/** What is true of every plan, said without the arithmetic under test; the fault if it is not. */
const faultOf = (layout: Layout, partCount: number, next: number, end: number): string | undefined => {
  const { parts, rest } = planFragment(layout, partCount, next, end);
  let at = partCount * layout.partBytes;
  for (const [index, part] of parts.entries()) {
    if (part.number !== partCount + index + 1) return 'parts are not numbered on';
    if (part.from !== at) return 'a part does not begin where the one before it ends';
    if (part.end > end) return 'a part has bytes that nobody sent yet';
    const isWhole = part.end - part.from === layout.partBytes;
    if (!isWhole && part.end !== layout.totalBytes) return 'a part that is not the last is short';
    at = part.end;
  }
  if (end < layout.totalBytes && end - at >= layout.partBytes) return 'a part is left undone';
  if (end === layout.totalBytes && at !== end) return 'the last part is left undone';
  // The rest is what the fragment brought and no part took: together they cover it exactly.
  const untaken = Math.max(next, parts.length === 0 ? next : at);
  if (rest === undefined) return untaken === end ? undefined : 'bytes are neither in a part nor in the rest';
  return rest.from === untaken && rest.end === end && untaken < end
    ? undefined
    : 'the rest is not what is left';
};

const expectGoodPlan = (layout: Layout, partCount: number, next: number, end: number) => {
  const fault = faultOf(layout, partCount, next, end);
  if (fault !== undefined) expect({ layout, partCount, next, end }, fault).toBeUndefined();
};

describe('planFragment', () => {
  it('every fragment of every small layout', () => {
    for (let partBytes = 1; partBytes <= 7; partBytes++) {
      for (let totalBytes = 1; totalBytes <= 24; totalBytes++) {
        const layout = { totalBytes, partBytes };
        for (let next = 0; next < totalBytes; next++) {
          const partCount = Math.floor(next / partBytes);
          for (let end = next + 1; end <= totalBytes; end++) expectGoodPlan(layout, partCount, next, end);
        }
      }
    }
  });

  it('every way to send a small file ends with all of its parts', () => {
    const layout = { totalBytes: 11, partBytes: 4 };
    const send = (next: number, partCount: number): void => {
      if (next === layout.totalBytes) {
        expect(partCount).toBe(partCountOf(layout));
        return;
      }
      for (let end = next + 1; end <= layout.totalBytes; end++) {
        send(end, partCount + planFragment(layout, partCount, next, end).parts.length);
      }
    };
    send(0, 0);
  });

  it('any fragment of any layout', () => {
    const situation = fc
      .record({
        totalBytes: fc.integer({ min: 1, max: 48 * 2 ** 40 }),
        first: fc.integer({ min: 1, max: 13_631_488 }),
        start: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.integer({ min: 1, max: 13_631_488 }),
      })
      .map(({ totalBytes, first, start, length }) => {
        const next = Math.min(totalBytes - 1, Math.floor(totalBytes * start));
        const layout = layoutFor(totalBytes, first, s3PartLimits);
        return { layout, next, end: Math.min(totalBytes, next + length) };
      });
    fc.assert(
      fc.property(situation, ({ layout, next, end }) => {
        expectGoodPlan(layout, Math.floor(next / layout.partBytes), next, end);
      }),
      { numRuns: 5000 },
    );
  });

  const layout = { totalBytes: 25, partBytes: 10 };
  it.each([
    ['completes no part', 0, 0, 3, [], { from: 0, end: 3 }],
    ['goes on in a part', 0, 3, 9, [], { from: 3, end: 9 }],
    ['ends one byte before a boundary', 1, 12, 19, [], { from: 12, end: 19 }],
    ['ends on a boundary', 0, 3, 10, [[1, 0, 10]], undefined],
    ['ends one byte behind a boundary', 0, 3, 11, [[1, 0, 10]], { from: 10, end: 11 }],
    ['begins on a boundary', 1, 10, 15, [], { from: 10, end: 15 }],
    ['is a part', 1, 10, 20, [[2, 10, 20]], undefined],
    [
      'crosses two boundaries',
      0,
      3,
      22,
      [
        [1, 0, 10],
        [2, 10, 20],
      ],
      { from: 20, end: 22 },
    ],
    [
      'ends on the second boundary',
      0,
      9,
      20,
      [
        [1, 0, 10],
        [2, 10, 20],
      ],
      undefined,
    ],
    ['is the last, short part', 2, 20, 25, [[3, 20, 25]], undefined],
    ['is the last byte', 2, 24, 25, [[3, 20, 25]], undefined],
    [
      'is the last and crosses a boundary',
      1,
      18,
      25,
      [
        [2, 10, 20],
        [3, 20, 25],
      ],
      undefined,
    ],
    [
      'is everything',
      0,
      0,
      25,
      [
        [1, 0, 10],
        [2, 10, 20],
        [3, 20, 25],
      ],
      undefined,
    ],
  ])('a fragment that %s', (_, partCount, next, end, parts, rest) => {
    expect(planFragment(layout, partCount, next, end)).toEqual({
      parts: parts.map(([number, from, end]) => ({ number, from, end })),
      rest,
    });
  });

  it('the last fragment of a file that ends on a boundary makes no empty part', () => {
    const even = { totalBytes: 20, partBytes: 10 };
    expect(planFragment(even, 1, 15, 20)).toEqual({
      parts: [{ number: 2, from: 10, end: 20 }],
      rest: undefined,
    });
  });

  it('a file smaller than a part is one part with its last byte', () => {
    const small = { totalBytes: 5, partBytes: 10 };
    expect(planFragment(small, 0, 0, 4).parts).toEqual([]);
    expect(planFragment(small, 0, 4, 5)).toEqual({
      parts: [{ number: 1, from: 0, end: 5 }],
      rest: undefined,
    });
  });

  it('an empty file is one empty part', () => {
    const empty = layoutFor(0, 0, s3PartLimits);
    expect(planFragment(empty, 0, 0, 0)).toEqual({
      parts: [{ number: 1, from: 0, end: 0 }],
      rest: undefined,
    });
  });

  it('a part is the same bytes whoever plans it', () => {
    const plans = [
      planFragment(layout, 0, 0, 13),
      planFragment(layout, 0, 9, 10),
      planFragment(layout, 0, 4, 25),
    ];
    for (const { parts } of plans) expect(parts[0]).toEqual({ number: 1, ...partRange(layout, 1) });
  });
});
