import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Piece } from '../../lib/session/session.ts';
import { pieceBytes, planTail, type TailPlan } from '../../lib/upload/tail.ts';
import { type SimulatedUpload, simulateUpload } from './tail-simulation.ts';

const tailOf = (...levels: readonly number[]): readonly Piece[] =>
  levels.map((level, index) => ({ offset: index * 10, level, attempt: `${index}`.padStart(12, '0') }));

const sameUpTo = (a: readonly Piece[], b: readonly Piece[]): boolean =>
  a.length === b.length && a.every((piece, index) => piece === b[index]);

/** What is true of every plan, whatever tail it is made for. */
const faultOf = (
  maxPieces: number,
  before: readonly Piece[],
  next: number,
  plan: TailPlan,
  after: readonly Piece[],
): string | undefined => {
  if (after.length > maxPieces) return 'more pieces than the session item can name';
  if (!sameUpTo([...plan.keep, ...plan.merge], before)) return 'kept and merged pieces are not the tail';
  if (plan.offset !== (plan.merge[0]?.offset ?? next))
    return 'the new piece does not begin with what it merges';
  if (plan.merge.length === 0 && plan.level !== 0) return 'a fragment as it came is not of level 0';
  if (plan.merge.some(({ level }) => level >= plan.level)) return 'a merged piece is not below its merge';
  const levels = after.map(({ level }) => level);
  if (levels.some((level, index) => index > 0 && level > (levels[index - 1] ?? 0))) return 'levels rise';
  return undefined;
};

const writtenPerByte = (upload: SimulatedUpload): number => {
  const faults: string[] = [];
  const { written, received } = simulateUpload({
    ...upload,
    onTail: (before, next, plan, after) => {
      const fault = faultOf(upload.maxPieces, before, next, plan, after);
      if (fault !== undefined) faults.push(`${fault} at ${next}`);
    },
  });
  expect(faults).toEqual([]);
  return written / received;
};

const gibibyte = 2 ** 30;

describe('planTail', () => {
  it.each([
    ['an empty tail', [], 0],
    ['a tail with room', [2, 1, 0], 0],
    ['room for one more', [0, 0, 0], 0],
  ])('%s: the fragment is a piece of its own', (_, levels, level) => {
    const tail = tailOf(...levels);
    expect(planTail(tail, 99, 4)).toEqual({ keep: tail, merge: [], offset: 99, level });
  });

  it.each([
    ['fragments only', [0, 0, 0, 0], 0, 1],
    ['fragments behind a merged piece', [1, 0, 0, 0], 1, 1],
    ['two fragments at the end', [2, 1, 0, 0], 2, 1],
    ['one fragment behind a run', [1, 1, 1, 0], 0, 2],
    ['one piece of each level behind a run', [2, 2, 1, 0], 0, 3],
    ['merged pieces only', [1, 1, 1, 1], 0, 2],
    ['two runs: the lower one', [2, 2, 1, 1], 2, 2],
    ['no run at all: the last piece grows', [3, 2, 1, 0], 3, 1],
  ])('a full tail of %s', (_, levels, kept, level) => {
    const tail = tailOf(...levels);
    expect(planTail(tail, 40, 4)).toEqual({
      keep: tail.slice(0, kept),
      merge: tail.slice(kept),
      offset: kept * 10,
      level,
    });
  });

  it.each([1, 2, 3, 4, 5, 20])('holds its rules over thousands of fragments, with %d pieces', (maxPieces) => {
    writtenPerByte({ totalBytes: 40_000_000, fragmentBytes: () => 5_120, maxPieces });
  });

  it('holds its rules for any fragments', () => {
    const limits = { targetPartBytes: 2_000, maxPartBytes: 5_000, maxParts: 100 };
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 25 }),
        (lengths, maxPieces) => {
          const totalBytes = lengths.reduce((sum, length) => sum + length, 0);
          const fragmentBytes = (index: number) => lengths[index] ?? 1;
          writtenPerByte({ totalBytes, fragmentBytes, maxPieces, limits });
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('pieceBytes', () => {
  it('a piece ends where the next one begins, the last one at the next offset', () => {
    const tail = [
      { offset: 64, level: 1, attempt: 'a' },
      { offset: 90, level: 0, attempt: 'b' },
    ];
    expect([0, 1].map((index) => pieceBytes(tail, index, 101))).toEqual([26, 11]);
  });

  it('the lengths of a tail add up to what waits behind the last part', () => {
    const sums: number[] = [];
    simulateUpload({
      totalBytes: 8_000_000,
      fragmentBytes: (index) => 5_120 + (index % 7) * 100,
      maxPieces: 20,
      onTail: (_before, _next, _plan, after, end) => {
        const sum = after.reduce((bytes, _, index) => bytes + pieceBytes(after, index, end), 0);
        sums.push(sum - end);
      },
    });
    // Up to the last fragment this is one part: everything waits.
    expect(sums.length).toBeGreaterThan(1000);
    expect(new Set(sums)).toEqual(new Set([0]));
  });
});

describe('bytes written for each byte received', () => {
  const evenly = (totalBytes: number, fragmentBytes: number, maxPieces = 20) =>
    writtenPerByte({
      totalBytes,
      fragmentBytes: () => fragmentBytes,
      maxPieces,
      // Parts are all alike: a few of them say it all.
      stopAtBytes: Math.min(totalBytes, 30_000_000),
    });

  it.each([10_000_000, 100 * 2 ** 20, gibibyte, 80 * gibibyte])(
    'at most 4 for an even cut of at least 5,120 bytes: %d bytes',
    (totalBytes) => {
      for (let fragment = 5_120; fragment <= 1_000_000; fragment += fragment < 20_000 ? 613 : 19_777) {
        expect(evenly(totalBytes, fragment), `fragments of ${fragment}`).toBeLessThanOrEqual(4);
      }
    },
  );

  it('at most 1.9 for fragments of 1,000,000 bytes', () => {
    for (const totalBytes of [100 * 2 ** 20, gibibyte, 80 * gibibyte]) {
      expect(evenly(totalBytes, 1_000_000)).toBeLessThanOrEqual(1.9);
    }
  });

  it('one fragment is written once, and a fragment of a whole part as well', () => {
    expect(evenly(1_000_000, 1_000_000)).toBe(1);
    expect(evenly(100_000_000, 13_631_488)).toBe(1);
  });

  it('at most 5 for a client that begins with long fragments and goes on with the shortest', () => {
    for (const first of [100_000, 822_906, 950_000, 1_000_000, 13_631_488]) {
      const ratio = writtenPerByte({
        totalBytes: 80 * gibibyte,
        fragmentBytes: (index) => (index === 0 ? first : 5_120),
        maxPieces: 20,
        stopAtBytes: 50_000_000,
      });
      expect(ratio, `first fragment ${first}`).toBeLessThanOrEqual(5);
    }
  });

  it('at most 5 for fragments of any lengths', () => {
    const lengths = fc.array(
      fc.oneof(fc.integer({ min: 5_120, max: 6_000 }), fc.integer({ min: 5_120, max: 1_000_000 })),
      { minLength: 5, maxLength: 50 },
    );
    fc.assert(
      fc.property(lengths, (cycle) => {
        const ratio = writtenPerByte({
          totalBytes: 80 * gibibyte,
          fragmentBytes: (index) => cycle[index % cycle.length] ?? 5_120,
          maxPieces: 20,
          stopAtBytes: 20_000_000,
        });
        expect(ratio).toBeLessThanOrEqual(5);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [2, 5_120, 39],
    [3, 5_120, 17],
    [2, 1_000_000, 3],
    [3, 1_000_000, 2.5],
  ])('a tail of %d pieces costs more at %d bytes, and stays below %d', (maxPieces, fragment, most) => {
    expect(evenly(80 * gibibyte, fragment, maxPieces)).toBeLessThanOrEqual(most);
  });
});
