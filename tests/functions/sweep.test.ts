import { describe, expect, it } from 'vitest';
import type { Item } from '../../lib/session/item.ts';
import { ObjectStoreError } from '../../lib/upload/object-store.ts';
import { memoryHarness } from '../support/functions-harness.ts';
import { closePacket, openSession, textFragment } from '../support/packets.ts';
import { removeRecord } from '../support/stream-record.ts';
import { SweepHarness } from '../support/sweep-harness.ts';
import { about, acks, expectAck } from './acks.ts';
import { halfway, opened, sent, text } from './sessions.ts';
import { expectNothingLeft, type Harness, stateOf } from './state.ts';

const timeoutMs = 14 * 86_400_000;

/** What DynamoDB does when a session's time is over: the item goes, the stream tells. */
const expire = (harness: Harness, session: string): Item => {
  const id = session.slice(1, -1).toUpperCase();
  const item = harness.sessions.items.get(id);
  if (item === undefined) throw new Error(`no item for ${id}`);
  harness.sessions.items.delete(id);
  return item;
};

const whats = (harness: Harness) => harness.alarms.map(({ what }) => what);

/** A session with a piece in staging, and an upload of its own with a part in it. */
const withUploadAndPiece = async () => {
  const { harness, session } = await opened({}, { targetPartBytes: 10 });
  await harness.send(textFragment(session, text, 0, 10));
  await harness.send(textFragment(session, text, 10, 13));
  expect([harness.objects.pieces.size, harness.objects.uploads.size]).toEqual([1, 1]);
  return { harness, session };
};

describe('records of the stream: sessions that expired', () => {
  it('staged pieces and the multipart upload are discarded; a late packet meets no session', async () => {
    const { harness, session } = await withUploadAndPiece();
    const sweep = new SweepHarness(harness);
    harness.nowMs += timeoutMs;
    const report = await sweep.records(removeRecord(expire(harness, session)));
    expect(report).toEqual({ task: 'expired', done: 1, failed: 0, isWhole: true });
    expectNothingLeft(harness);
    expectAck(await harness.send(textFragment(session, text, 13)), about(acks.noSession, session));
    expect(harness.alarms).toEqual([]);
  });

  it('what a lost attempt has left in staging goes too, and nothing of another session', async () => {
    const { harness, session } = await halfway();
    const other = await openSession(harness, '/drop/other.bin');
    await harness.send(textFragment(other, text, 0, 5, '/drop/other.bin'));
    await harness.objects.putPiece(`${session.slice(1, -1)}/13-00000000dead`, Buffer.from('late'));
    await new SweepHarness(harness).records(removeRecord(expire(harness, session)));
    expect([...harness.objects.pieces.keys()]).toEqual([expect.stringMatching(other.slice(1, -1))]);
  });

  it('a record as AWS writes it, binary values in base64', async () => {
    const harness = memoryHarness();
    const upload = await harness.objects.createUpload(
      { bucket: 'destination', key: 'a.bin' },
      { sessionId: 'x', originalName: 'a.bin', principal: '' },
    );
    await harness.objects.putPiece('7DF0354D-249B-430F-820D-3D2A9BEF4931/8-0102030405ff', Buffer.from('x'));
    const report = await new SweepHarness(harness).records({
      eventName: 'REMOVE',
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
      dynamodb: {
        Keys: { sessionId: { S: '7DF0354D-249B-430F-820D-3D2A9BEF4931' } },
        OldImage: {
          sessionId: { S: '7DF0354D-249B-430F-820D-3D2A9BEF4931' },
          url: { B: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' },
          user: { S: '' },
          prefix: { S: '/drop/' },
          bucket: { S: 'destination' },
          key: { S: 'a.bin' },
          created: { N: '1795348800123' },
          version: { N: '3' },
          attempt: { B: 'AQIDBAX/' },
          state: { S: 'receiving' },
          expiresAt: { N: '1796558400' },
          total: { N: '26' },
          partSize: { N: '8' },
          next: { N: '9' },
          crc: { N: '4294967295' },
          parts: { N: '1' },
          upload: { S: upload.uploadId },
          tail: { B: 'AAAAAAAAAQIDBAX/' },
        },
      },
    });
    expect(report).toMatchObject({ done: 1, failed: 0 });
    expectNothingLeft(harness);
  });

  it('a session that never got a fragment costs one listing', async () => {
    const { harness, session } = await opened();
    harness.objects.hooks.reset();
    await new SweepHarness(harness).records(removeRecord(expire(harness, session)));
    expect(harness.objects.hooks.made()).toEqual({ listPieces: 1 });
  });

  it('records of other kinds and of other states touch nothing', async () => {
    const { harness, session } = await halfway();
    const record = removeRecord(expire(harness, session));
    const done = await sent({ publishOn: 'last-fragment' });
    const complete = removeRecord(expire(done.harness, done.session));
    const before = stateOf(harness);
    harness.objects.hooks.reset();
    const report = await new SweepHarness(harness).records(
      { ...record, eventName: 'MODIFY' },
      { ...record, eventName: 'INSERT' },
      { ...record, dynamodb: { Keys: record.dynamodb.Keys } },
      complete,
      null,
      'record',
      {},
    );
    expect(report).toEqual({ task: 'expired', done: 0, failed: 0, isWhole: true });
    expect(stateOf(harness)).toEqual(before);
    expect(harness.objects.hooks.made()).toEqual({});
  });

  it('a corrupt image is told, and stops nobody', async () => {
    const { harness, session } = await halfway();
    const record = removeRecord(expire(harness, session));
    const { OldImage } = record.dynamodb;
    const corrupt = {
      ...record,
      dynamodb: { ...record.dynamodb, OldImage: { ...OldImage, next: { S: '13' } } },
    };
    const empty = { ...record, dynamodb: { OldImage: {} } };
    const report = await new SweepHarness(harness).records(corrupt, empty, record);
    expect(report).toMatchObject({ done: 1, failed: 0 });
    expectNothingLeft(harness);
    const what = 'a deleted session cannot be read, its bytes are left to the orphan pass';
    expect(whats(harness)).toEqual([what, what]);
  });

  it('a failing session stops nobody; the stream is asked for its record again', async () => {
    const { harness, session } = await halfway();
    const other = await openSession(harness, '/drop/other.bin');
    await harness.send(textFragment(other, text, 0, 5, '/drop/other.bin'));
    const records = [removeRecord(expire(harness, session)), removeRecord(expire(harness, other))];
    harness.objects.hooks.before = ({ name, subject }) => {
      if (name === 'listPieces' && subject.startsWith(session.slice(1, -1)))
        throw new ObjectStoreError('UNAVAILABLE', 'S3 is down');
    };
    const sweep = new SweepHarness(harness);
    await expect(sweep.records(...records)).rejects.toMatchObject({
      name: 'SweepError',
      code: 'EXPIRED_SESSIONS_LEFT',
      message: '1 of 2 expired sessions are left',
    });
    expect([...harness.objects.pieces.keys()]).toEqual([expect.stringMatching(session.slice(1, -1))]);
    expect(harness.alarms).toEqual([
      {
        what: 'the sweep failed for a session',
        facts: { task: 'expired', session: session.slice(1, -1), error: expect.any(ObjectStoreError) },
      },
    ]);
    expect(sweep.metrics).toEqual([
      ['ExpiredSessionsDiscarded', 1],
      ['SweepFailures', 1],
    ]);

    harness.objects.hooks.before = undefined;
    expect(await sweep.records(...records)).toMatchObject({ done: 2, failed: 0 });
    expectNothingLeft(harness);
  });

  it('records that there was no time for are asked for again', async () => {
    const harness = memoryHarness();
    const records: unknown[] = [];
    for (let at = 0; at < 20; at++) {
      const session = await openSession(harness, `/drop/${at}`);
      await harness.send(textFragment(session, text, 0, 5, `/drop/${at}`));
      records.push(removeRecord(expire(harness, session)));
    }
    const sweep = new SweepHarness(harness);
    harness.objects.hooks.before = () => {
      harness.nowMs += 240_000;
    };
    await expect(sweep.records(...records)).rejects.toMatchObject({ code: 'EXPIRED_SESSIONS_LEFT' });
    // Each of the eight workers had begun one.
    expect(harness.objects.pieces.size).toBe(12);
    harness.objects.hooks.before = undefined;
    expect(await sweep.records(...records)).toMatchObject({ done: 20 });
    expectNothingLeft(harness);
  });
});

describe('the event', () => {
  it.each([[null], ['due'], [{}], [{ task: 'everything' }], [{ Records: 'no list' }], [[]]])(
    '%j is refused, and Lambda hears of it',
    async (event) => {
      const { harness } = await halfway();
      const before = stateOf(harness);
      await expect(new SweepHarness(harness).run(event)).rejects.toMatchObject({ code: 'UNKNOWN_EVENT' });
      expect(stateOf(harness)).toEqual(before);
    },
  );
});

describe('what it tells', () => {
  it('a line and its counts, for each task', async () => {
    const { harness } = await sent();
    const sweep = new SweepHarness(harness);
    harness.nowMs += 3_600_000;
    await sweep.due();
    await sweep.orphans();
    await sweep.records();
    expect(sweep.reports).toEqual([
      { task: 'due', done: 1, failed: 0, isWhole: true, durationMs: 0 },
      { task: 'orphans', done: 0, failed: 0, isWhole: true, durationMs: 0 },
      { task: 'expired', done: 0, failed: 0, isWhole: true, durationMs: 0 },
    ]);
    expect(sweep.metrics).toEqual([
      ['DueSessionsSettled', 1],
      ['SweepFailures', 0],
      ['OrphanPiecesDeleted', 0],
      ['OrphanUploadsAborted', 0],
      ['SweepFailures', 0],
      ['ExpiredSessionsDiscarded', 0],
      ['SweepFailures', 0],
    ]);
  });

  it('a listing that fails is thrown once what was begun has ended', async () => {
    const { harness, session } = await sent();
    const sweep = new SweepHarness(harness);
    harness.nowMs += 3_600_000;
    sweep.sessions.dueSessions = async function* () {
      yield session.slice(1, -1);
      throw new Error('DynamoDB is down');
    };
    let ended = 0;
    harness.objects.hooks.after = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      ended++;
    };
    await expect(sweep.due()).rejects.toThrow('DynamoDB is down');
    expect(harness.objects.hooks.underWay + harness.sessions.hooks.underWay).toBe(0);
    expect(ended).toBeGreaterThan(3);
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
  });
});
