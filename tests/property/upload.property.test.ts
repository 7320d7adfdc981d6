import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedUpload, targetPartBytes, type UploadOptions } from './simulated-upload.ts';

const sizes = fc.oneof(
  fc.integer({ min: 1, max: 40_000 }),
  // Around the borders of parts, where arithmetic goes wrong.
  fc
    .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: -2, max: 2 }))
    .map(([parts, off]) => parts * targetPartBytes + off),
  fc.integer({ min: 1, max: 20 }),
);

const lengths = fc.oneof(
  fc.integer({ min: 1, max: 3000 }),
  fc.constantFrom(1, 512, 1024, 4095, 4096, 4097, 8192),
  fc.integer({ min: 1, max: 15_000 }),
);

const offsets = fc.integer({ min: 1, max: 5000 });

const options = (environments: fc.Arbitrary<number>): fc.Arbitrary<UploadOptions> =>
  fc.record({
    totalBytes: sizes,
    maxTailPieces: fc.integer({ min: 3, max: 20 }),
    publishOn: fc.constantFrom('close-session' as const, 'last-fragment' as const),
    environments,
    turns: fc.array(fc.nat({ max: 12 }), { maxLength: 8 }),
  });

/** What a client and the world may do; each step is applied to an upload. */
type Action = (upload: SimulatedUpload) => Promise<void> | void;

const named = <T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  act: (value: T) => Action,
): fc.Arbitrary<{ name: string; value: T; act: Action }> =>
  arbitrary.map((value) => ({ name, value, act: act(value) }));

const next = named('next', lengths, (length) => (u) => u.send(u.next, u.next + length));
const steps = [
  { weight: 12, arbitrary: next },
  {
    weight: 2,
    arbitrary: named(
      'overlap',
      fc.tuple(offsets, lengths),
      ([back, length]) =>
        (u) =>
          u.send(u.next - back, u.next - back + length),
    ),
  },
  { weight: 1, arbitrary: named('everything', fc.constant(0), () => (u) => u.send(0, u.totalBytes)) },
  {
    weight: 2,
    arbitrary: named(
      'gap',
      fc.tuple(offsets, lengths),
      ([ahead, length]) =>
        (u) =>
          u.send(u.next + ahead, u.next + ahead + length),
    ),
  },
  {
    weight: 3,
    arbitrary: named('answer lost', lengths, (length) => (u) => u.sendDeaf(u.next, u.next + length)),
  },
  { weight: 2, arbitrary: named('cold start', fc.constant(0), () => (u) => u.coldStart()) },
  { weight: 3, arbitrary: named('switch', fc.constant(0), () => (u) => u.switchEnvironment()) },
  { weight: 1, arbitrary: named('create', fc.boolean(), (keep) => (u) => u.create(keep)) },
];

const together = {
  weight: 4,
  arbitrary: named(
    'together',
    fc.array(fc.tuple(fc.integer({ min: -3000, max: 100 }), lengths), { minLength: 2, maxLength: 4 }),
    (ranges) => (u) =>
      u.sendTogether(ranges.map(([off, length]) => [u.next + off, u.next + off + length] as const)),
  ),
};

const run = async (settings: UploadOptions, actions: readonly { act: Action }[], rest: number) => {
  const upload = new SimulatedUpload(settings);
  await upload.create();
  for (const { act } of actions) await act(upload);
  upload.expectDurable();
  await upload.finish(rest);
  return upload;
};

describe('whatever a client does, the object is the file', () => {
  it('one packet at a time: overlaps, duplicates, gaps, lost answers, new sessions, cold starts, changing environments', async () => {
    await fc.assert(
      fc.asyncProperty(
        options(fc.integer({ min: 1, max: 2 })),
        fc.array(fc.oneof(...steps), { maxLength: 25 }),
        fc.integer({ min: 500, max: 6000 }),
        async (settings, actions, rest) => {
          await run(settings, actions, rest);
        },
      ),
      { numRuns: 600 },
    );
  });

  it('several at once, at two or three environments, in any interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(
        options(fc.integer({ min: 2, max: 3 })),
        fc.array(fc.oneof(...steps, together), { maxLength: 20 }),
        fc.integer({ min: 500, max: 6000 }),
        async (settings, actions, rest) => {
          await run(settings, actions, rest);
        },
      ),
      { numRuns: 600 },
    );
  });
});

/** How high levels may rise with `count` pieces in tails of `slots`: level k is reached after C(slots + k, k) of them. */
const highestLevel = (count: number, slots: number): number => {
  let level = 0;
  for (let reached = 1; reached < count; reached = (reached * (slots + level)) / level) level++;
  return level;
};

describe('what it costs', () => {
  it('every byte is written once in its part, and before that once for every level it rises', async () => {
    await fc.assert(
      fc.asyncProperty(
        options(fc.constant(1)),
        fc.integer({ min: 100, max: 3000 }),
        async (settings, fragmentBytes) => {
          const upload = await run(settings, [], fragmentBytes);
          const { bytesWritten, calls } = upload.harness.objects;
          const perPart = Math.ceil((targetPartBytes + fragmentBytes) / fragmentBytes);
          const most = 2 + highestLevel(perPart, settings.maxTailPieces);
          expect(bytesWritten).toBeLessThanOrEqual(most * upload.totalBytes);
          expect(calls.getPiece).toBe(0);
          expect(calls.putPiece + calls.uploadPart).toBeLessThanOrEqual(
            Math.ceil(upload.totalBytes / fragmentBytes) + Math.ceil(upload.totalBytes / targetPartBytes),
          );
        },
      ),
      { numRuns: 150 },
    );
  });
});
