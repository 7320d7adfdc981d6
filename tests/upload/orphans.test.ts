import { describe, expect, it } from 'vitest';
import { StoreError } from '../../lib/session/store.ts';
import { ObjectStoreError } from '../../lib/upload/object-store.ts';
import { text } from '../functions/sessions.ts';
import { expectNothingLeft, type Harness, sessionStates } from '../functions/state.ts';
import { memoryHarness } from '../support/functions-harness.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { cancelPacket, openSession, textFragment } from '../support/packets.ts';
import { SweepHarness } from '../support/sweep-harness.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const metadata = { sessionId: 's', originalName: 'n', principal: 'p' };

const sweeping = (harness: Harness = memoryHarness()) => ({ harness, sweep: new SweepHarness(harness) });

const upload = ({ objects }: Harness, key = 'orphan.bin', bucket = 'destination') =>
  objects.createUpload({ bucket, key }, metadata);

/** A live session with a part in its upload and a piece in staging, all of it made long ago. */
const live = async () => {
  const harness = memoryHarness({ objects: new MemoryObjectStore(10), limits: { targetPartBytes: 10 } });
  const session = await openSession(harness);
  await harness.send(textFragment(session, text, 0, 10));
  await harness.send(textFragment(session, text, 10, 13));
  const sweep = new SweepHarness(harness);
  sweep.inventory.stamp(harness.nowMs);
  return { harness, session, sweep };
};

describe('age', () => {
  it('a piece that nobody names: an hour is not enough, a millisecond more is', async () => {
    const { harness, sweep } = sweeping();
    await harness.objects.putPiece('S/0-000000000001', Buffer.from('x'));
    sweep.inventory.stamp(harness.nowMs);
    harness.nowMs += hourMs;
    expect(await sweep.orphans()).toMatchObject({ done: 0 });
    expect(harness.objects.pieces.size).toBe(1);
    harness.nowMs += 1;
    expect(await sweep.orphans()).toEqual({ task: 'orphans', done: 1, failed: 0, isWhole: true });
    expectNothingLeft(harness);
  });

  it('an upload that nobody names: a day is not enough, a millisecond more is', async () => {
    const { harness, sweep } = sweeping();
    await upload(harness);
    sweep.inventory.stamp(harness.nowMs);
    harness.nowMs += dayMs;
    expect(await sweep.orphans()).toMatchObject({ done: 0 });
    expect(harness.objects.uploads.size).toBe(1);
    harness.nowMs += 1;
    expect(await sweep.orphans()).toMatchObject({ done: 1 });
    expectNothingLeft(harness);
  });

  it('something from the future, by a clock that differs, stays', async () => {
    const { harness, sweep } = sweeping();
    await harness.objects.putPiece('S/0-000000000001', Buffer.from('x'));
    await upload(harness);
    sweep.inventory.stamp(harness.nowMs + dayMs);
    expect(await sweep.orphans()).toMatchObject({ done: 0 });
    expect([harness.objects.pieces.size, harness.objects.uploads.size]).toEqual([1, 1]);
  });
});

describe('what a session names', () => {
  it('stays, however old; what its lost attempts left goes', async () => {
    const { harness, session, sweep } = await live();
    const id = session.slice(1, -1);
    await harness.objects.putPiece(`${id}/10-00000000dead`, Buffer.from('late'));
    await upload(harness, 'file.bin');
    sweep.inventory.stamp(harness.nowMs);
    harness.nowMs += 10 * dayMs;
    expect(await sweep.orphans()).toMatchObject({ done: 2 });
    expect([harness.objects.pieces.size, harness.objects.uploads.size]).toEqual([1, 1]);
    expect((await harness.send(textFragment(session, text, 13))).status).toBe(200);
    expect(sessionStates(harness)).toEqual(['stored']);
  });

  it('the upload of a session that is STORED, or PUBLISHING, stays', async () => {
    const { harness, session, sweep } = await live();
    await harness.send(textFragment(session, text, 13));
    sweep.inventory.stamp(harness.nowMs);
    harness.nowMs += 10 * dayMs;
    await sweep.orphans();
    expect(harness.objects.uploads.size).toBe(1);
    // Its staged pieces are all in parts by now, and nobody's any more.
    expect(harness.objects.pieces.size).toBe(0);
    expect((await sweep.due()).done).toBe(1);
    expect(harness.objects.object('destination', 'file.bin')?.body.toString()).toBe(text);
  });

  it('the upload of a tombstone whose clean-up is pending stays its own', async () => {
    const { harness, session, sweep } = await live();
    harness.objects.hooks.before = ({ name }) => {
      if (name === 'abortUpload') throw new ObjectStoreError('UNAVAILABLE', 'S3 is down');
    };
    await harness.send(cancelPacket(session));
    harness.objects.hooks.before = undefined;
    expect(sessionStates(harness)).toEqual(['cancelled']);
    harness.nowMs += 10 * dayMs;
    harness.objects.hooks.reset();
    await sweep.orphans();
    expect(harness.objects.calls.abortUpload).toBe(0);
    await sweep.due();
    expectNothingLeft(harness);
  });

  it('once the session is gone, both go', async () => {
    const { harness, sweep } = await live();
    harness.sessions.items.clear();
    harness.nowMs += 10 * dayMs;
    expect(await sweep.orphans()).toMatchObject({ done: 2 });
    expectNothingLeft(harness);
    expect(sweep.metrics).toEqual([
      ['OrphanPiecesDeleted', 1],
      ['OrphanUploadsAborted', 1],
      ['SweepFailures', 0],
    ]);
  });
});

describe('sessions are read after the listing', () => {
  it('what is committed in between is seen', async () => {
    const { harness, session, sweep } = await live();
    const id = session.slice(1, -1);
    const item = harness.sessions.items.get(id);
    // Before the listing nobody names piece and upload; they are committed just before the sessions are read.
    harness.sessions.items.delete(id);
    harness.nowMs += 10 * dayMs;
    const order: string[] = [];
    sweep.inventory.before = (name) => void order.push(name);
    sweep.sessions.before = (name) => {
      order.push(name);
      if (item !== undefined) harness.sessions.items.set(id, item);
    };
    expect(await sweep.orphans()).toMatchObject({ done: 0 });
    expect(order).toEqual(['allPieces', 'openUploads', 'allSessions']);
    expect([harness.objects.pieces.size, harness.objects.uploads.size]).toEqual([1, 1]);
  });

  it('what is staged after the listing is not in it', async () => {
    const { harness, sweep } = await live();
    harness.nowMs += 10 * dayMs;
    sweep.sessions.before = async () => {
      const session = await openSession(harness, '/drop/new.bin');
      await harness.send(textFragment(session, text, 0, 5, '/drop/new.bin'));
      sweep.inventory.stamp(0);
    };
    expect(await sweep.orphans()).toMatchObject({ done: 0 });
    expect(harness.objects.pieces.size).toBe(2);
  });
});

describe('uploads of others', () => {
  it('are looked for only in the buckets that it is given', async () => {
    const { harness, sweep } = sweeping();
    await upload(harness, 'theirs.bin', 'shared');
    await upload(harness, 'ours.bin');
    sweep.inventory.stamp(harness.nowMs);
    harness.nowMs += 10 * dayMs;
    expect(await sweep.orphans()).toMatchObject({ done: 1 });
    expect([...harness.objects.uploads.values()].map(({ key }) => key)).toEqual(['theirs.bin']);
  });
});

describe('what it costs', () => {
  it('two listings where nothing is old, and no session is read', async () => {
    const { harness, sweep } = await live();
    harness.objects.hooks.reset();
    await sweep.orphans();
    expect(harness.objects.hooks.made()).toEqual({});
    expect(sweep.inventory.calls).toEqual({ allPieces: 1, openUploads: 1 });
    expect(sweep.sessions.calls).toEqual({ dueSessions: 0, allSessions: 0 });
  });

  it('a thousand pieces a call, an upload each', async () => {
    const { harness, sweep } = sweeping();
    for (let at = 0; at < 2_500; at++)
      await harness.objects.putPiece(`S/${at}-000000000001`, Buffer.alloc(0));
    for (let at = 0; at < 5; at++) await upload(harness, `${at}`);
    sweep.inventory.stamp(harness.nowMs);
    harness.nowMs += 10 * dayMs;
    harness.objects.hooks.reset();
    expect(await sweep.orphans()).toMatchObject({ done: 2_505, failed: 0 });
    expect(harness.objects.hooks.made()).toEqual({ deletePieces: 3, abortUpload: 5 });
    expect(sweep.sessions.calls.allSessions).toBe(1);
    expectNothingLeft(harness);
  });
});

describe('failures', () => {
  const orphans = async () => {
    const { harness, sweep } = sweeping();
    await harness.objects.putPiece('S/0-000000000001', Buffer.from('x'));
    for (const key of ['a', 'b', 'c']) await upload(harness, key);
    sweep.inventory.stamp(harness.nowMs);
    harness.nowMs += 10 * dayMs;
    return { harness, sweep };
  };

  it.each([
    ['abortUpload', 1, 3, 1],
    ['deletePieces', 0, 3, 1],
  ])(
    '%s fails once: the rest is done, and the next pass finds what is left',
    async (call, index, done, failed) => {
      const { harness, sweep } = await orphans();
      harness.objects.hooks.before = (made) => {
        if (made.name === call && made.index === index)
          throw new ObjectStoreError('UNAVAILABLE', 'S3 is down');
      };
      expect(await sweep.orphans()).toMatchObject({ done, failed });
      expect(harness.alarms.map(({ what }) => what)).toEqual(['orphans were left to the next pass']);
      expect(sweep.metrics.at(-1)).toEqual(['SweepFailures', 1]);
      harness.objects.hooks.before = undefined;
      expect(await sweep.orphans()).toMatchObject({ done: 1, failed: 0 });
      expectNothingLeft(harness);
    },
  );

  it.each(['allPieces', 'openUploads', 'allSessions'] as const)(
    '%s fails: nothing is removed on half the knowledge',
    async (listing) => {
      const { harness, sweep } = await orphans();
      const fail = (name: string) => {
        if (name === listing) throw new StoreError('UNAVAILABLE', 'no answer');
      };
      sweep.inventory.before = fail;
      sweep.sessions.before = fail;
      await expect(sweep.orphans()).rejects.toThrow('no answer');
      expect([harness.objects.pieces.size, harness.objects.uploads.size]).toEqual([1, 3]);
    },
  );

  it('a session that cannot be read may name anything: nothing is removed', async () => {
    const { harness, sweep } = await orphans();
    harness.sessions.items.set('broken', { sessionId: { S: 'broken' } });
    await expect(sweep.orphans()).rejects.toMatchObject({ code: 'CORRUPT' });
    expect([harness.objects.pieces.size, harness.objects.uploads.size]).toEqual([1, 3]);
  });
});
