import { describe, expect, it } from 'vitest';
import { ObjectStoreError } from '../../lib/upload/object-store.ts';
import { closePacket, openSession, textFragment } from '../support/packets.ts';
import { SweepHarness } from '../support/sweep-harness.ts';
import { about, acks, expectAck } from './acks.ts';
import { opened, sent, text } from './sessions.ts';
import { expectNothingLeft, expectUntouched, type Harness, objectText, sessionStates } from './state.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const lifetimeMs = 90 * dayMs;

const itemOf = (harness: Harness) => [...harness.sessions.items.values()][0];
const whats = (harness: Harness) => harness.alarms.map(({ what }) => what);
const failing = (harness: Harness, call: string) => {
  harness.objects.hooks.before = ({ name }) => {
    if (name === call) throw new ObjectStoreError('UNAVAILABLE', `${call} does not answer`);
  };
};

/** STORED, and its CLOSE does not come. */
const stored = async (destination = {}) => {
  const { harness, session } = await sent(destination);
  return { harness, session, sweep: new SweepHarness(harness) };
};

describe('a destination that is taken', () => {
  const taken = async () => {
    const { harness, session, sweep } = await stored();
    harness.objects.plant('destination', 'file.bin');
    harness.nowMs += hourMs;
    return { harness, session, sweep };
  };
  const waits = 'an acknowledged file waits for its destination, which is taken';
  const discarded = 'an acknowledged file was discarded: its destination is taken';

  it('the file is kept, with an alarm, and looked at again every day', async () => {
    const { harness, sweep } = await taken();
    await sweep.due();
    expect(sessionStates(harness)).toEqual(['stored']);
    expect(whats(harness)).toEqual([waits]);
    expect(harness.objects.uploads.size).toBe(1);
    expect(objectText(harness)).toBe('somebody else');
    harness.nowMs += dayMs - 1000;
    expect(await sweep.due()).toMatchObject({ done: 0 });
    harness.nowMs += 1000;
    expect(await sweep.due()).toMatchObject({ done: 1 });
    expect(whats(harness)).toEqual([waits, waits]);
  });

  it('is published as soon as somebody has made room', async () => {
    const { harness, session, sweep } = await taken();
    await sweep.due();
    harness.objects.objects.clear();
    harness.nowMs += dayMs;
    await sweep.due();
    expect(objectText(harness)).toBe(text);
    expectNothingLeft(harness);
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
  });

  it('a CLOSE in between is refused: it is the client that decides then', async () => {
    const { harness, session, sweep } = await taken();
    await sweep.due();
    expectAck(await harness.send(closePacket(session)), about(acks.accessDenied, session));
    expectNothingLeft(harness);
    harness.nowMs += lifetimeMs;
    expect(await sweep.due()).toMatchObject({ done: 0 });
  });

  it('is discarded at the hard end of its session, not a second before, and stays refused', async () => {
    const { harness, session, sweep } = await taken();
    const createdAtMs = harness.nowMs - hourMs;
    let days = 0;
    for (; harness.nowMs < createdAtMs + lifetimeMs; days++) {
      expect(await sweep.due()).toMatchObject({ done: 1 });
      expect(sessionStates(harness)).toEqual(['stored']);
      const dueAtMs = Number(itemOf(harness)?.['dueAt']?.N) * 1000;
      expect(dueAtMs).toBe(Math.min(harness.nowMs + dayMs, createdAtMs + lifetimeMs));
      harness.nowMs = dueAtMs;
    }
    expect(days).toBe(90);
    harness.alarms.length = 0;
    await sweep.due();
    expect(sessionStates(harness)).toEqual(['refused']);
    expect(whats(harness)).toEqual([discarded]);
    expectNothingLeft(harness);
    expect(objectText(harness)).toBe('somebody else');
    await expectUntouched(harness, closePacket(session), about(acks.accessDenied, session));
  });

  it('that may be overwritten is overwritten', async () => {
    const { harness, sweep } = await stored({ allowOverwrites: true });
    harness.objects.plant('destination', 'file.bin');
    harness.nowMs += hourMs;
    await sweep.due();
    expect(objectText(harness)).toBe(text);
    expect(harness.alarms).toEqual([]);
  });

  /** Another's object is there when S3 is asked to complete ours. */
  const takenInTheLastMoment = async () => {
    const { harness, session, sweep } = await stored();
    harness.nowMs += hourMs;
    harness.objects.hooks.before = ({ name }) => {
      if (name === 'completeUpload') harness.objects.plant('destination', 'file.bin');
    };
    await sweep.due();
    harness.objects.hooks.before = undefined;
    expect(sessionStates(harness)).toEqual(['publishing']);
    expect(whats(harness)).toEqual([waits]);
    expect(harness.objects.uploads.size).toBe(1);
    return { harness, session, sweep };
  };

  it('in the last moment, past the point of no return: the file was destroyed at once, and is kept like any other', async () => {
    const { harness, session, sweep } = await takenInTheLastMoment();
    harness.nowMs += dayMs - 1000;
    expect(await sweep.due()).toMatchObject({ done: 0 });
    harness.nowMs += 1000;
    await sweep.due();
    expect(whats(harness)).toEqual([waits, waits]);
    harness.objects.objects.clear();
    harness.nowMs += dayMs;
    await sweep.due();
    expect(objectText(harness)).toBe(text);
    expectNothingLeft(harness);
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
  });

  it('in the last moment: a CLOSE in between need not wait for anybody, and is refused', async () => {
    const { harness, session } = await takenInTheLastMoment();
    const nowMs = harness.nowMs;
    expectAck(await harness.send(closePacket(session)), about(acks.accessDenied, session));
    expect(harness.nowMs).toBe(nowMs);
    expectNothingLeft(harness);
  });

  it('in the last moment, and its upload aborted by another while it waited: was told as published', async () => {
    const { harness, session, sweep } = await takenInTheLastMoment();
    harness.objects.uploads.clear();
    harness.objects.objects.clear();
    harness.nowMs += dayMs;
    await sweep.due();
    expect(whats(harness)).toEqual([waits, 'acknowledged bytes lost']);
    expectNothingLeft(harness);
    await expectUntouched(harness, closePacket(session), about(acks.lostBeforePublication, session));
  });

  it('in the last moment: discarded at the hard end of its session', async () => {
    const { harness, session, sweep } = await takenInTheLastMoment();
    harness.nowMs += lifetimeMs;
    await sweep.due();
    expect(whats(harness)).toEqual([waits, discarded]);
    expectNothingLeft(harness);
    await expectUntouched(harness, closePacket(session), about(acks.accessDenied, session));
  });

  it('two files of one name, due in one run: one was destroyed, and now one is published and one waits', async () => {
    const { harness } = await opened();
    const sessions = [await openSession(harness), await openSession(harness)];
    for (const [index, session] of sessions.entries())
      await harness.send(textFragment(session, `file ${index} of that name`, 0));
    harness.nowMs += hourMs;
    const sweep = new SweepHarness(harness);
    await sweep.due();
    // The one that was only opened is there, too.
    expect(sessionStates(harness).toSorted()).toEqual(['complete', 'publishing', 'receiving']);
    expect(whats(harness)).toEqual([waits]);
    expect(harness.objects.uploads.size).toBe(1);
  });
});

describe('an empty file that was closed without a fragment', () => {
  const closedEmpty = async (destination = {}) => {
    const { harness, session } = await opened(destination);
    failing(harness, 'listParts');
    expectAck(await harness.send(closePacket(session)), about(acks.unavailable, session));
    harness.objects.hooks.before = undefined;
    expect(sessionStates(harness)).toEqual(['stored']);
    harness.alarms.length = 0;
    harness.nowMs += hourMs;
    return { harness, session, sweep: new SweepHarness(harness) };
  };

  it('is published where nothing is', async () => {
    const { harness, session, sweep } = await closedEmpty();
    await sweep.due();
    expect(objectText(harness)).toBe('');
    expectNothingLeft(harness);
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
  });

  it.each([false, true])(
    'never replaces an object, overwriting allowed: %s; nothing waits for it',
    async (allowOverwrites) => {
      const { harness, session, sweep } = await closedEmpty({ allowOverwrites });
      harness.objects.plant('destination', 'file.bin');
      await sweep.due();
      expect(objectText(harness)).toBe('somebody else');
      expect(sessionStates(harness)).toEqual(['early']);
      expect(harness.alarms).toEqual([]);
      expectNothingLeft(harness);
      await expectUntouched(harness, closePacket(session), about(acks.badRequest, session));
    },
  );
});
