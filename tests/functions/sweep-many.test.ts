import { getMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ObjectStoreError } from '../../lib/upload/object-store.ts';
import { memoryHarness } from '../support/functions-harness.ts';
import { closePacket, openSession, textFragment } from '../support/packets.ts';
import { SweepHarness } from '../support/sweep-harness.ts';
import { text } from './sessions.ts';
import { type Harness, sessionStates, stateOf } from './state.ts';

const hourMs = 3_600_000;

describe('what is not due', () => {
  it('is left alone, whatever the index says: it may be behind the items', async () => {
    const harness = memoryHarness();
    const stages = {
      receiving: async (session: string, path: string) => {
        await harness.send(textFragment(session, text, 0, 13, path));
      },
      stored: async (session: string, path: string) => {
        await harness.send(textFragment(session, text, 0, 26, path));
      },
      published: async (session: string, path: string) => {
        await harness.send(textFragment(session, text, 0, 26, path));
        await harness.send(closePacket(session, path));
      },
    };
    const sweep = new SweepHarness(harness);
    for (const [name, reach] of Object.entries(stages)) {
      const session = await openSession(harness, `/drop/${name}`);
      await reach(session, `/drop/${name}`);
      sweep.sessions.stale.add(session.slice(1, -1));
    }
    sweep.sessions.stale.add('00000000-0000-0000-0000-000000000000');
    const before = stateOf(harness);
    harness.objects.hooks.reset();
    await sweep.due();
    expect(stateOf(harness)).toEqual(before);
    expect(harness.objects.hooks.made()).toEqual({});
  });
});

describe('many at once', () => {
  const many = async (count: number) => {
    const harness = memoryHarness();
    for (let at = 0; at < count; at++) {
      const session = await openSession(harness, `/drop/${at}`);
      await harness.send(textFragment(session, text, 0, 26, `/drop/${at}`));
    }
    harness.nowMs += hourMs;
    return { harness, sweep: new SweepHarness(harness) };
  };
  const published = (harness: Harness) => harness.objects.objects.size;

  it('one that fails does not keep the others waiting, and is done by the next run', async () => {
    const { harness, sweep } = await many(20);
    harness.objects.hooks.before = ({ subject }) => {
      if (subject === '7') throw new ObjectStoreError('UNAVAILABLE', 'S3 is down for this one');
    };
    expect(await sweep.due()).toEqual({ task: 'due', done: 19, failed: 1, isWhole: true });
    expect(published(harness)).toBe(19);
    expect(harness.alarms).toEqual([
      {
        what: 'the sweep failed for a session',
        facts: { task: 'due', session: expect.any(String), error: expect.any(ObjectStoreError) },
      },
    ]);
    harness.objects.hooks.before = undefined;
    expect(await sweep.due()).toMatchObject({ done: 1, failed: 0 });
    expect(published(harness)).toBe(20);
  });

  it('the signal that every call listens to is let have as many listeners, without a warning', async () => {
    const { harness, sweep } = await many(20);
    let most = 0;
    harness.objects.hooks.before = ({ signal }) => {
      if (signal !== undefined) most = Math.max(most, getMaxListeners(signal));
    };
    await sweep.due();
    expect(most).toBeGreaterThanOrEqual(16);
  });

  it('eight at a time', async () => {
    const { harness, sweep } = await many(20);
    let most = 0;
    harness.objects.hooks.before = async ({ name }) => {
      if (name !== 'listParts') return;
      most = Math.max(most, harness.objects.hooks.underWay);
      await new Promise((resolve) => setImmediate(resolve));
    };
    await sweep.due();
    expect(most).toBe(8);
    expect(published(harness)).toBe(20);
  });

  it('out of time: takes up nothing more, ends what it began, and the next run goes on', async () => {
    const { harness, sweep } = await many(20);
    harness.objects.hooks.after = ({ name }) => {
      // 240 of 300 seconds are over as soon as the first are published.
      if (name === 'completeUpload') harness.nowMs += 240_000;
    };
    expect(await sweep.due()).toMatchObject({ done: 8, failed: 0, isWhole: false });
    expect(published(harness)).toBe(8);
    expect(sessionStates(harness).toSorted()).toEqual([
      ...Array(8).fill('complete'),
      ...Array(12).fill('stored'),
    ]);
    harness.objects.hooks.after = undefined;
    expect(await sweep.due()).toMatchObject({ done: 12, isWhole: true });
  });
});
