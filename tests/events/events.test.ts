import { describe, expect, it } from 'vitest';
import { events } from '../../functions/events.ts';
import type { UploadEvent } from '../../lib/events/upload-event.ts';
import { toItem } from '../../lib/session/item.ts';
import type { Session } from '../../lib/session/session.ts';
import { takenTicketItem } from '../../lib/session/taken-ticket.ts';
import {
  complete,
  fresh,
  notifications,
  type outcomes,
  publishing,
  receiving,
  stored,
  tombstone,
} from '../session/sessions.ts';
import { changeRecord } from '../support/stream-record.ts';
import { schemaProblems } from './schema.ts';
import { nowMs, told } from './told.ts';

const recordOf = (before: Session | undefined, after: Session | undefined, atSeconds?: number) =>
  changeRecord(before && toItem(before), after && toItem(after), atSeconds);

const eventFrom = async (
  before: Session | undefined,
  after: Session | undefined,
  atSeconds?: number,
): Promise<UploadEvent | undefined> => (await told(recordOf(before, after, atSeconds)))[0];

const later = <S extends Session>(session: S): S => ({ ...session, version: session.version + 1 });
const expiresAt = receiving.expiresAtSeconds;

describe('the event of a change', () => {
  const ended = (outcome: (typeof outcomes)[number]) => ({ ...later(tombstone), outcome });

  it.each([
    ['a new session', undefined, fresh, { type: 'Upload Created' }],
    [
      'the last byte',
      receiving,
      later(stored),
      { type: 'Upload Received', sizeBytes: 200, crc32: 'yv66vg==' },
    ],
    ['an empty file', fresh, later(stored), { type: 'Upload Received', sizeBytes: 200 }],
    ['published and closed', publishing, ended('published'), { type: 'Upload Published', crc32: 'yv66vg==' }],
    ['published, to be closed', publishing, later(complete), { type: 'Upload Published', crc32: 'yv66vg==' }],
    [
      'cancelled half way',
      receiving,
      ended('cancelled'),
      { type: 'Upload Cancelled', receivedBytes: 101, sizeBytes: 200 },
    ],
    ['cancelled when whole', stored, ended('cancelled'), { type: 'Upload Cancelled', sizeBytes: 200 }],
    [
      'refused at publication',
      publishing,
      ended('refused'),
      { type: 'Upload Failed', reason: 'destination-taken' },
    ],
    [
      'given up by the sweep',
      stored,
      ended('refused'),
      { type: 'Upload Failed', reason: 'destination-taken' },
    ],
    [
      'closed too early',
      receiving,
      ended('early'),
      { type: 'Upload Failed', reason: 'closed-early', receivedBytes: 101 },
    ],
    [
      'an empty file for a taken destination',
      publishing,
      ended('early'),
      { type: 'Upload Failed', reason: 'closed-early' },
    ],
    ['pieces gone', receiving, ended('lost'), { type: 'Upload Failed', reason: 'bytes-lost' }],
    ['parts gone', stored, ended('lost'), { type: 'Upload Failed', reason: 'bytes-lost' }],
    ['refused by S3', publishing, ended('lost'), { type: 'Upload Failed', reason: 'bytes-lost' }],
  ] as const)('%s', async (_, before, after, expected) => {
    const event = await eventFrom(before, after);
    expect(event).toMatchObject(expected);
    expect(event).toMatchObject({
      schemaVersion: 1,
      id: `${after.sessionId}/${after.version}`,
      time: '2026-11-22T12:00:00.000Z',
      sessionId: after.sessionId,
      createdAt: '2026-11-18T11:06:40.123Z',
      principal: 'alice',
      destination: '/drop/',
      bucket: 'destination-bucket',
      key: 'reports/alpha.txt',
    });
    expect(schemaProblems(event)).toEqual([]);
  });

  it('a reply application that has not answered as it should: told when its file is published all the same', async () => {
    const types = await Promise.all(
      notifications.map(async (notification) => {
        const before: Session = { ...stored, notification };
        const event = await eventFrom(before, later<Session>({ ...publishing, notification }));
        expect(event === undefined ? [] : schemaProblems(event)).toEqual([]);
        return event?.reason;
      }),
    );
    const failed = 'application-failed';
    expect(types).toEqual([failed, failed, failed, failed, undefined]);
  });

  it('a reply application that refused the file: when it does, and not again when the session ends', async () => {
    const asked: Session = { ...stored, notification: notifications.find(({ is }) => is === 'sent') };
    const reasons = notifications.map(async (notification) => {
      const next = await eventFrom(asked, later<Session>({ ...stored, notification }));
      const end = await eventFrom({ ...stored, notification }, ended('refused'));
      return [next?.reason, end?.reason];
    });
    const waits = [undefined, 'destination-taken'];
    expect(await Promise.all(reasons)).toEqual([
      waits,
      waits,
      waits,
      ['application-refused', undefined],
      waits,
    ]);
  });

  it('none, or the one before, for a file that the application keeps to itself', async () => {
    expect(await eventFrom(stored, ended('answered'))).toBeUndefined();
  });

  it('an expired session, however late DynamoDB deletes it', async () => {
    for (const atSeconds of [expiresAt, expiresAt + 172_800]) {
      const event = await eventFrom(receiving, undefined, atSeconds);
      expect(event).toMatchObject({
        type: 'Upload Expired',
        id: `${receiving.sessionId}/8`,
        receivedBytes: 101,
      });
      expect(schemaProblems(event)).toEqual([]);
    }
    expect(await eventFrom(fresh, undefined, expiresAt)).toMatchObject({ receivedBytes: 0 });
  });

  it.each([
    ['a fragment', receiving, later(receiving)],
    ['the first fragment', fresh, later(receiving)],
    ['a taken destination that is looked at again tomorrow', stored, later(stored)],
    ['the point of no return', stored, later(publishing)],
    ['a publication taken over', publishing, later(publishing)],
    ['a clean-up of what is published', complete, later(complete)],
    ['the CLOSE of what has been published', complete, later(tombstone)],
    [
      'a clean-up of what has ended',
      { ...tombstone, outcome: 'cancelled' },
      { ...later(tombstone), outcome: 'cancelled' },
    ],
    ['a tombstone whose time is over', tombstone, undefined],
    ['a published session that was never closed', complete, undefined],
    ['somebody deleting a live session', receiving, undefined],
  ] as const)('none for %s', async (_, before, after) => {
    expect(await eventFrom(before, after)).toBeUndefined();
  });

  it('is the same again, whoever tells it and whenever', async () => {
    const record = recordOf(publishing, ended('published'));
    expect(await told(record, record)).toEqual([...(await told(record)), ...(await told(record))]);
  });

  it('has a time of its own where the stream does not say one', async () => {
    const { dynamodb, ...rest } = recordOf(undefined, fresh);
    const record = { ...rest, dynamodb: { ...dynamodb, ApproximateCreationDateTime: undefined } };
    expect(await told(record)).toMatchObject([{ time: '2026-11-26T12:00:00.000Z' }]);
  });
});

describe('the function', () => {
  it('keeps the order of a batch, and leaves out what is no event', async () => {
    const batch = [
      recordOf(undefined, fresh),
      recordOf(fresh, later(receiving)),
      recordOf(receiving, later(stored)),
      recordOf(publishing, later(tombstone)),
    ];
    expect((await told(...batch)).map(({ type }) => type)).toEqual([
      'Upload Created',
      'Upload Received',
      'Upload Published',
    ]);
  });

  it('is not held up by a record that nobody can read', async () => {
    const alarms: string[] = [];
    const log = { packet: () => undefined, alarm: (what: string) => alarms.push(what) };
    const broken = changeRecord(undefined, { ...toItem(fresh), version: { S: 'seven' } });
    const ticket = changeRecord(undefined, takenTicketItem('t-1', fresh.sessionId, 1_796_000_000));
    const batch = [
      ticket,
      broken,
      null,
      {},
      { dynamodb: {} },
      { dynamodb: { NewImage: [] } },
      recordOf(undefined, fresh),
    ];
    expect(await events(log, () => nowMs)(batch)).toHaveLength(1);
    expect(alarms).toHaveLength(1);
    expect(await events(log, () => nowMs)(recordOf(undefined, fresh))).toHaveLength(1);
  });
});

describe('the schema', () => {
  const valid = async () => eventFrom(publishing, later(complete));

  it.each([
    ['another version', { schemaVersion: 2 }],
    ['an unknown type', { type: 'Upload Lost' }],
    ['no size', { sizeBytes: undefined }],
    ['a size that is no whole number', { sizeBytes: 1.5 }],
    ['a checksum in hexadecimal', { crc32: 'cafebabe' }],
    ['a time in seconds', { time: 1_795_348_800 }],
    ['an id without a version', { id: publishing.sessionId }],
    ['a reason without a failure', { reason: 'bytes-lost' }],
    ['a failure without a reason', { type: 'Upload Failed' }],
    ['a failure for an unknown reason', { type: 'Upload Failed', reason: 'bad-weather' }],
    ['an expiry that does not say how far it came', { type: 'Upload Expired' }],
  ])('refuses %s', async (_, change) => {
    const defective: unknown = JSON.parse(JSON.stringify({ ...(await valid()), ...change }));
    expect(schemaProblems(defective)).not.toEqual([]);
  });
});
