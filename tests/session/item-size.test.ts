import { describe, expect, it } from 'vitest';
import { toItem } from '../../lib/session/item.ts';
import {
  type Entity,
  maxOriginalNameBytes,
  type Notification,
  type Receiving,
  type Session,
  type SessionBase,
} from '../../lib/session/session.ts';
import { itemSizeBytes } from '../support/item-size.ts';

/** One write unit [DynamoDB Developer Guide, "Write capacity"]. */
const writeUnitBytes = 1024;

describe('itemSizeBytes', () => {
  it.each([
    ['a string by its UTF-8 bytes', { a: { S: 'aé€💾' } }, 1 + 1 + 2 + 3 + 4],
    ['a name by its UTF-8 bytes', { é: { S: '' } }, 2],
    ['a binary by its length', { ab: { B: new Uint8Array(12) } }, 2 + 12],
    ['a boolean', { a: { BOOL: false } }, 1 + 1],
    ['null', { a: { NULL: true } }, 1 + 1],
    ['0', { a: { N: '0' } }, 1 + 1],
    ['one digit', { a: { N: '7' } }, 1 + 2],
    ['two digits', { a: { N: '42' } }, 1 + 2],
    ['three digits', { a: { N: '421' } }, 1 + 3],
    ['zeros behind the digits', { a: { N: '42000' } }, 1 + 2],
    ['zeros between digits', { a: { N: '4002' } }, 1 + 3],
    ['a minus sign', { a: { N: '-42' } }, 1 + 3],
    ['a fraction', { a: { N: '0.0042' } }, 1 + 2],
    ['several attributes', { a: { S: 'b' }, cd: { N: '123456' } }, 2 + 2 + 4],
    ['nothing', {}, 0],
  ])('%s', (_, item, bytes) => {
    expect(itemSizeBytes(item)).toBe(bytes);
  });

  it('refuses to guess at other types', () => {
    expect(() => itemSizeBytes({ a: { L: [] } })).toThrow('attribute a ');
  });
});

describe('size of a session item', () => {
  // As large as everything gets at the same time. No number ends in zeros, which would cost nothing.
  const largest: SessionBase = {
    sessionId: '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012',
    urlHash: 'ab'.repeat(32),
    principal: 'p'.repeat(64),
    destination: 'd'.repeat(40),
    bucket: 'b'.repeat(63),
    key: 'k'.repeat(200),
    allowOverwrites: true,
    publishOn: 'last-fragment',
    place: 'holding',
    createdAtMs: 1_799_999_999_999,
    // More commits than 48.8 TiB have fragments of 5,120 bytes.
    version: 19_999_999_999,
    attempt: 'a1a2a3a4a5a6',
  };
  const uploadId = 'u'.repeat(160);
  const partBytes = 5 * 2 ** 30 - 1;
  const partCount = 9_997;
  const totalBytes = Math.floor(48.8 * 2 ** 40) - 1;
  const start = partBytes * partCount;
  const receiving: Receiving = {
    ...largest,
    state: 'receiving',
    expiresAtSeconds: 1_799_999_999,
    progress: {
      next: start + 20 * 200_000_000 + 1,
      layout: { totalBytes, partBytes },
      uploadId,
      partCount,
      tail: Array.from({ length: 20 }, (_, index) => ({
        offset: start + index * 200_000_000,
        level: 3,
        attempt: 'f'.repeat(12),
      })),
      crc32: 2 ** 32 - 1,
    },
  };
  const originalName = 'n'.repeat(maxOriginalNameBytes);
  const entity: Entity = {
    totalBytes,
    partBytes,
    uploadId,
    partCount: 9_999,
    crc32: 2 ** 32 - 1,
    originalName,
  };
  const due = { dueAtSeconds: 1_799_999_999 };
  const notification: Notification = {
    is: 'sent',
    token: 'ab'.repeat(16),
    leaseUntilMs: 1_799_999_999_999,
    endsAtSeconds: 1_799_999_999,
  };
  const sessions: readonly Session[] = [
    receiving,
    { ...largest, state: 'stored', entity, notification, closedEmpty: true, ...due },
    {
      ...largest,
      state: 'publishing',
      entity,
      notification,
      closedEmpty: true,
      leaseUntilMs: 1_799_999_999_999,
      ...due,
    },
    { ...largest, state: 'complete', totalBytes, notification, cleanUp: { pending: true, ...due } },
    { ...largest, state: 'tombstone', outcome: 'cancelled', uploadId, cleanUp: { pending: true, ...due } },
  ];

  it.each(sessions.map((session) => [session.state, session] as const))(
    '%s is one write unit',
    (_, session) => {
      expect(itemSizeBytes(toItem(session))).toBeLessThan(writeUnitBytes);
    },
  );

  it('counts the whole of it: a longer key shows byte by byte', () => {
    const longer = { ...receiving, key: `${receiving.key}é` };
    expect(itemSizeBytes(toItem(longer)) - itemSizeBytes(toItem(receiving))).toBe(2);
  });
});
