import { describe, expect, it } from 'vitest';
import { StoreError } from '../../lib/session/store.ts';
import { ObjectStoreError } from '../../lib/upload/object-store.ts';
import { cancelPacket, closePacket, textFragment } from '../support/packets.ts';
import { SweepHarness } from '../support/sweep-harness.ts';
import { about, acks, expectAck } from './acks.ts';
import { halfway, opened, sent, text } from './sessions.ts';
import {
  expectNothingLeft,
  expectUntouched,
  type Harness,
  objectText,
  sessionStates,
  stateOf,
} from './state.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

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

describe('a file whose CLOSE never came', () => {
  it('is published after the grace, and not a second before', async () => {
    const { harness, sweep } = await stored();
    harness.nowMs += hourMs - 1000;
    const before = stateOf(harness);
    expect(await sweep.due()).toMatchObject({ done: 0 });
    expect(stateOf(harness)).toEqual(before);

    harness.nowMs += 1000;
    expect(await sweep.due()).toEqual({ task: 'due', done: 1, failed: 0, isWhole: true });
    expect(objectText(harness)).toBe(text);
    expect(sessionStates(harness)).toEqual(['complete']);
    expectNothingLeft(harness);
    expect(harness.alarms).toEqual([]);
  });

  it('a CLOSE that comes after all is answered 200, also when it comes again; the object stays', async () => {
    const { harness, session, sweep } = await stored();
    harness.nowMs += hourMs;
    await sweep.due();
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    await expectUntouched(harness, closePacket(session), about(acks.ok, session));
    expect(sessionStates(harness)).toEqual(['published']);
    expect(objectText(harness)).toBe(text);
    expect(harness.objects.calls.completeUpload).toBe(1);
  });

  it('a last FRAGMENT that comes again is acknowledged, a CANCEL answered 200; the object stays', async () => {
    const { harness, session, sweep } = await stored();
    harness.nowMs += hourMs;
    await sweep.due();
    await expectUntouched(harness, textFragment(session, text, 13), about(acks.ok, session, 26));
    expectAck(await harness.send(cancelPacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
  });

  it('is gone from the index, lives for the time of a tombstone, and then expires', async () => {
    const { harness, session, sweep } = await stored();
    harness.nowMs += hourMs;
    await sweep.due();
    expect(itemOf(harness)?.['dueAt']).toBeUndefined();
    expect(itemOf(harness)?.['expiresAt']).toEqual({ N: `${(harness.nowMs + 14 * dayMs) / 1000}` });
    harness.objects.hooks.reset();
    expect(await sweep.due()).toMatchObject({ done: 0 });
    expect(harness.objects.hooks.made()).toEqual({});
    harness.nowMs += 14 * dayMs;
    await expectUntouched(harness, closePacket(session), about(acks.noSession, session));
  });

  it('costs one read, two writes, and seven calls to S3', async () => {
    const { harness, sweep } = await stored();
    harness.nowMs += hourMs;
    harness.sessions.hooks.reset();
    harness.objects.hooks.reset();
    await sweep.due();
    expect(harness.sessions.hooks.made()).toEqual({ read: 1, write: 2 });
    expect(harness.objects.hooks.made()).toEqual({
      head: 3,
      listParts: 1,
      completeUpload: 1,
      listPieces: 1,
      deletePieces: 1,
    });
  });

  it('also a file whose publication at the last fragment failed', async () => {
    const { harness, session } = await halfway({ publishOn: 'last-fragment' });
    failing(harness, 'listParts');
    await harness.send(textFragment(session, text, 13));
    harness.objects.hooks.before = undefined;
    harness.nowMs += hourMs;
    await new SweepHarness(harness).due();
    expect(objectText(harness)).toBe(text);
    await expectUntouched(harness, textFragment(session, text, 13), about(acks.ok, session, 26));
  });

  it('acknowledged bytes that are gone: the session ends, with an alarm, and CLOSE says so', async () => {
    const { harness, session, sweep } = await stored();
    harness.objects.uploads.clear();
    harness.nowMs += hourMs;
    await sweep.due();
    expect(whats(harness)).toEqual(['acknowledged bytes lost']);
    expect(objectText(harness)).toBeUndefined();
    await expectUntouched(harness, closePacket(session), about(acks.lostBeforePublication, session));
  });
});

describe('a publication whose function died', () => {
  /** PUBLISHING under a lease of a minute: the function was killed before Complete. */
  const died = async () => {
    const { harness, session, sweep } = await stored();
    failing(harness, 'head');
    harness.sessions.hooks.reset();
    harness.sessions.hooks.before = ({ name, index }) => {
      if (name === 'write' && index > 0) throw new StoreError('UNAVAILABLE', 'killed');
    };
    expectAck(await harness.send(closePacket(session)), about(acks.unavailable, session));
    harness.objects.hooks.before = undefined;
    harness.sessions.hooks.before = undefined;
    harness.alarms.length = 0;
    expect(sessionStates(harness)).toEqual(['publishing']);
    return { harness, session, sweep };
  };

  it('is taken over a minute after its lease, and never before', async () => {
    const { harness, session, sweep } = await died();
    const leaseUntilMs = Number(itemOf(harness)?.['leaseUntil']?.N);
    expect(leaseUntilMs).toBe(harness.nowMs + 60_000);
    // Even named by the index, it is not touched while the lease may be held.
    sweep.sessions.stale.add(session.slice(1, -1));
    for (const atMs of [harness.nowMs, leaseUntilMs - 1, leaseUntilMs + 59_999]) {
      harness.nowMs = atMs;
      const before = stateOf(harness);
      await sweep.due();
      expect(stateOf(harness)).toEqual(before);
    }
    harness.nowMs = leaseUntilMs + 60_000;
    await sweep.due();
    expect(objectText(harness)).toBe(text);
    expect(sessionStates(harness)).toEqual(['complete']);
    expectNothingLeft(harness);
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
  });

  it('after Complete: the object is recognised, and not made again', async () => {
    const { harness, sweep } = await died();
    const [uploadId = ''] = harness.objects.uploads.keys();
    const ref = { bucket: 'destination', key: 'file.bin', uploadId };
    const parts = await harness.objects.listParts(ref);
    const crc32 = Number(itemOf(harness)?.['crc']?.N);
    await harness.objects.completeUpload(ref, { parts, totalBytes: 26, crc32, onlyIfAbsent: true });
    harness.nowMs += 2 * 60_000;
    await sweep.due();
    expect(harness.objects.calls.completeUpload).toBe(1);
    expect(objectText(harness)).toBe(text);
    expect(sessionStates(harness)).toEqual(['complete']);
    expect(harness.alarms).toEqual([]);
  });

  it('its destination taken since: the file waits, and a person hears of it', async () => {
    const { harness, session, sweep } = await died();
    harness.objects.plant('destination', 'file.bin');
    harness.nowMs += 2 * 60_000;
    await sweep.due();
    expect(whats(harness)).toEqual(['an acknowledged file waits for its destination, which is taken']);
    expect(sessionStates(harness)).toEqual(['publishing']);
    expectAck(await harness.send(closePacket(session)), about(acks.accessDenied, session));
    expectNothingLeft(harness);
  });

  it('its destination taken since, and the upload gone: nothing is left that could wait', async () => {
    const { harness, session, sweep } = await died();
    harness.objects.plant('destination', 'file.bin');
    harness.objects.uploads.clear();
    harness.nowMs += 2 * 60_000;
    await sweep.due();
    expect(whats(harness)).toEqual(['an acknowledged file was discarded: its destination is taken']);
    expectNothingLeft(harness);
    await expectUntouched(harness, closePacket(session), about(acks.accessDenied, session));
  });
});

describe('a clean-up that was left', () => {
  it.each(['listPieces', 'abortUpload', 'deletePieces'])(
    'at %s: finished, and only then given an end',
    async (call) => {
      const { harness, session } = await opened({}, { targetPartBytes: 10 });
      await harness.send(textFragment(session, text, 0, 10));
      await harness.send(textFragment(session, text, 10, 13));
      failing(harness, call);
      expectAck(await harness.send(cancelPacket(session)), about(acks.ok, session));
      const sweep = new SweepHarness(harness);
      harness.nowMs += 60_000;
      // It fails once more: still nobody's end, still due.
      await sweep.due();
      expect(itemOf(harness)?.['expiresAt']).toBeUndefined();
      expect(itemOf(harness)?.['dueAt']).toBeDefined();
      expect(new Set(whats(harness))).toEqual(new Set(['clean-up left to the sweep']));

      harness.objects.hooks.before = undefined;
      await sweep.due();
      expectNothingLeft(harness);
      expect(itemOf(harness)?.['dueAt']).toBeUndefined();
      expect(itemOf(harness)?.['expiresAt']).toEqual({ N: `${(harness.nowMs + 14 * dayMs) / 1000}` });
      await expectUntouched(harness, cancelPacket(session), about(acks.ok, session));
    },
  );

  it('of a published file: its object stays', async () => {
    const { harness, session } = await sent();
    await harness.objects.putPiece(`${session.slice(1, -1)}/13-00000000dead`, Buffer.from('late'));
    failing(harness, 'deletePieces');
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    harness.objects.hooks.before = undefined;
    harness.nowMs += 60_000;
    await new SweepHarness(harness).due();
    expectNothingLeft(harness);
    expect(objectText(harness)).toBe(text);
  });
});
