import { describe, expect, it } from 'vitest';
import type { TestResponse } from '../support/functions-harness.ts';
import { cancelPacket, closePacket, textFragment } from '../support/packets.ts';
import { SweepHarness } from '../support/sweep-harness.ts';
import { halfway, text } from './sessions.ts';
import { expectNothingLeft, type Harness, objectText, sessionStates } from './state.ts';

const hourMs = 3_600_000;

type Racer = (harness: Harness, session: string) => Promise<TestResponse | undefined>;

const racers: Readonly<Record<string, Racer>> = {
  sweep: async (harness) => {
    await new SweepHarness(harness).due();
    return undefined;
  },
  CLOSE: (harness, session) => harness.send(closePacket(session)),
  CANCEL: (harness, session) => harness.send(cancelPacket(session)),
  'the last FRAGMENT': (harness, session) => harness.send(textFragment(session, text, 13)),
};

const pairs = [
  ['sweep', 'sweep'],
  ['sweep', 'CLOSE'],
  ['CLOSE', 'sweep'],
  ['sweep', 'CANCEL'],
  ['CANCEL', 'sweep'],
  ['sweep', 'the last FRAGMENT'],
  ['the last FRAGMENT', 'sweep'],
] as const;

/** STORED and due, with an upload that publishes at the last fragment if that is repeated. */
const due = async () => {
  const { harness, session } = await halfway({ publishOn: 'last-fragment' });
  harness.objects.hooks.before = ({ name }) => {
    if (name === 'listParts') throw new Error('S3 is down');
  };
  await harness.send(textFragment(session, text, 13));
  harness.objects.hooks.before = undefined;
  expect(sessionStates(harness)).toEqual(['stored']);
  harness.alarms.length = 0;
  harness.nowMs += hourMs;
  harness.coldStart();
  return { harness, session };
};

/** Counts completions that S3 carried out. */
const countPublications = ({ objects }: Harness) => {
  const complete = objects.completeUpload.bind(objects);
  const count = { published: 0 };
  objects.completeUpload = async (...call) => {
    const answer = await complete(...call);
    if (answer === 'completed') count.published++;
    return answer;
  };
  return count;
};

/**
 * One run of `first` in which `second` runs from end to end just before (or just after) the store call number `at` of
 * it. Who meets the other's lease waits on the clock until it is over, and takes over: then `first` is a zombie.
 */
const race = async (first: Racer, second: Racer, at: number, when: 'before' | 'after') => {
  const { harness, session } = await due();
  const count = countPublications(harness);
  const other = harness.anotherEnvironment();
  let calls = 0;
  let answered: TestResponse | undefined;
  const hook = async () => {
    if (calls++ === at) answered = await second(other, session);
  };
  harness.objects.hooks[when] = hook;
  harness.sessions.hooks[when] = hook;
  const answer = await first(harness, session);
  const isReached = calls > at;
  harness.objects.hooks[when] = undefined;
  harness.sessions.hooks[when] = undefined;
  return { harness, session, answers: [answer, answered], count, isReached, alarms: other.alarms };
};

describe.each(pairs)('%s, and %s in the middle of it', (first, second) => {
  it.each(['before', 'after'] as const)('%s each of its store calls: one outcome', async (when) => {
    const run = (at: number) => race(racers[first] ?? fail, racers[second] ?? fail, at, when);
    let at = 0;
    for (let isReached = true; isReached; at++) {
      const { harness, session, answers, count, ...rest } = await run(at);
      isReached = rest.isReached;
      const names: readonly string[] = [first, second];
      const isCancelled = objectText(harness) === undefined;
      if (isCancelled) expect(names).toContain('CANCEL');
      else expect(objectText(harness)).toBe(text);
      expect(count.published).toBe(isCancelled ? 0 : 1);
      // A fragment may meet a session that CLOSE or nobody else has ended; no CANCEL is in its races.
      for (const answer of answers) if (answer !== undefined) expect(answer.status).toBe(200);

      // What is still pending is done by the next sweep, and then nothing is left and nothing is due.
      harness.nowMs += hourMs;
      const last = await new SweepHarness(harness).due();
      expect(last).toMatchObject({ failed: 0, isWhole: true });
      expectNothingLeft(harness);
      expect([...harness.sessions.items.values()].map((item) => item['dueAt'])).toEqual([undefined]);
      expect([...harness.alarms, ...rest.alarms]).toEqual([]);
      expect(count.published).toBe(isCancelled ? 0 : 1);
      const closed = await harness.send(closePacket(session));
      expect(closed.status).toBe(200);
      expect(objectText(harness)).toBe(isCancelled ? undefined : text);
      expect(sessionStates(harness)).toEqual([isCancelled ? 'cancelled' : 'published']);
    }
    // The loop has been through every call, and there were some.
    expect(at).toBeGreaterThan(3);
  });
});

const fail: Racer = () => Promise.reject(new Error('no such racer'));

describe('the lease', () => {
  it.each([
    ['sweep', 'CLOSE'],
    ['sweep', 'CANCEL'],
    ['sweep', 'the last FRAGMENT'],
    ['CLOSE', 'sweep'],
  ] as const)(
    'of %s, which hangs in Complete: %s waits it out before it takes over',
    async (first, second) => {
      const { harness, session } = await due();
      const other = harness.anotherEnvironment();
      const startedAtMs = harness.nowMs;
      const completedAtMs: number[] = [];
      harness.objects.hooks.before = async ({ name, index }) => {
        if (name !== 'completeUpload') return;
        completedAtMs.push(harness.nowMs);
        if (index > 0) return;
        // The sweep only comes to a stamp that is due; then it finds no lease to wait for.
        if (second === 'sweep') harness.nowMs += 2 * 60_000;
        await racers[second]?.(other, session);
      };
      await racers[first]?.(harness, session);
      const leaseMs = first === 'sweep' ? 300_000 : 60_000;
      expect(completedAtMs).toHaveLength(2);
      expect(completedAtMs[1]).toBeGreaterThanOrEqual(startedAtMs + leaseMs);
      expect(objectText(harness)).toBe(text);
    },
  );
});

describe('at the same moment', () => {
  it.each(pairs)('%s and %s', async (first, second) => {
    const { harness, session } = await due();
    const count = countPublications(harness);
    const other = harness.anotherEnvironment();
    const answers = await Promise.all([racers[first]?.(harness, session), racers[second]?.(other, session)]);
    for (const answer of answers) if (answer !== undefined) expect(answer.status).toBe(200);
    expect(count.published).toBe(objectText(harness) === undefined ? 0 : 1);
    harness.nowMs += hourMs;
    await new SweepHarness(harness).due();
    expectNothingLeft(harness);
  });
});
