import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromItem, type Item, sweepShards, toItem } from '../../lib/session/item.ts';
import type { Session } from '../../lib/session/session.ts';
import { StoreError } from '../../lib/session/store.ts';
import {
  anySession,
  complete,
  everyState,
  fresh,
  publishing,
  receiving,
  stored,
  tombstone,
} from './sessions.ts';

const errorOf = (item: Item): unknown => {
  try {
    return fromItem(item);
  } catch (error) {
    return error;
  }
};

const without = (item: Item, name: string): Item =>
  Object.fromEntries(Object.entries(item).filter(([known]) => known !== name));

describe('session item', () => {
  it.each(everyState.map((session) => [session.state, session] as const))('%s reads back', (_, session) => {
    expect(fromItem(toItem(session))).toEqual(session);
  });

  it('every session that may be stored reads back', () => {
    fc.assert(
      fc.property(anySession, (session) => {
        expect(fromItem(toItem(session))).toEqual(session);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps a time to live or a due time, never both and never none', () => {
    fc.assert(
      fc.property(anySession, (session) => {
        const item = toItem(session);
        expect('expiresAt' in item).toBe(!('dueAt' in item));
        // The index is sparse: an item is in it only with both halves of its key.
        expect('sweepShard' in item).toBe('dueAt' in item);
      }),
    );
  });

  it('spreads due sessions over all shards of the index and nothing else', () => {
    const shards = Array.from({ length: 256 }, (_, index) => {
      const sessionId = `${index.toString(16).padStart(8, '0').toUpperCase()}-7D34-4F6E-9A21-3C8D5E7F9012`;
      return Number(toItem({ ...stored, sessionId })['sweepShard']?.N);
    });
    expect([...new Set(shards)].sort()).toEqual(Array.from({ length: sweepShards }, (_, shard) => shard));
  });

  it('says what is off by leaving it out', () => {
    const off: Session = {
      ...stored,
      allowOverwrites: false,
      publishOn: 'close-session',
      closedEmpty: false,
    };
    const on: Session = { ...stored, allowOverwrites: true, publishOn: 'last-fragment', closedEmpty: true };
    expect(Object.keys(toItem(on)).length - Object.keys(toItem(off)).length).toBe(3);
    expect(fromItem(toItem(off))).toEqual(off);
    expect(fromItem(toItem(on))).toEqual(on);
  });
});

describe('corrupt session item', () => {
  // What may be missing without harm: flags that are off, no upload begun, an empty tail.
  const optional = new Set([
    'replace',
    'user',
    'onLast',
    'held',
    'publish',
    'closedEmpty',
    'upload',
    'tail',
    'sweepShard',
    'name',
  ]);
  const sessions: readonly Session[] = [
    fresh,
    receiving,
    { ...stored, closedEmpty: true },
    publishing,
    complete,
    { ...tombstone, uploadId: 'upload-1', cleanUp: { pending: true, dueAtSeconds: 1_795_000_000 } },
  ];
  /** Without its upload a stored entity is nothing. */
  const isRequired = (item: Item, name: string): boolean =>
    !optional.has(name) || (name === 'upload' && ['stored', 'publishing'].includes(item['state']?.S ?? ''));
  const required = sessions.flatMap((session) => {
    const item = toItem(session);
    return Object.keys(item)
      .filter((name) => isRequired(item, name))
      .map((name) => [session.state, name, item] as const);
  });
  const all = sessions.flatMap((session) => {
    const item = toItem(session);
    return Object.keys(item)
      .filter((name) => name !== 'sweepShard')
      .map((name) => [session.state, name, item] as const);
  });

  const expectCorrupt = (item: Item, name: string) => {
    const error = errorOf(item);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: 'CORRUPT' });
    expect(String(error)).toMatch(new RegExp(`attribute ${name}$`));
  };

  it.each(required)('%s without %s', (_, name, item) => {
    // Without its due time an ended session is read as one that has a time to live, which is then what is missing.
    const isEnded = item['state']?.S === 'complete' || item['state']?.S === 'tombstone';
    expectCorrupt(without(item, name), isEnded && name === 'dueAt' ? 'expiresAt' : name);
  });

  it.each(all)('%s with a %s of another type', (_, name, item) => {
    expectCorrupt({ ...item, [name]: { L: [] } }, name);
  });

  it.each([
    ['a state', 'state', { S: 'receiving ' }],
    ['a state', 'state', { S: '' }],
    ['a version', 'version', { N: '1.5' }],
    ['a version', 'version', { N: '-1' }],
    ['a version', 'version', { N: '' }],
    ['a version', 'version', { N: '0x10' }],
    ['a next offset beyond exact numbers', 'next', { N: '9007199254740993' }],
    ['a URL hash', 'url', { B: new Uint8Array(31) }],
    ['an attempt', 'attempt', { B: new Uint8Array(7) }],
    ['a tail', 'tail', { B: new Uint8Array(13) }],
  ])('%s that %s cannot be', (_, name, value) => {
    expectCorrupt({ ...toItem(receiving), [name]: value }, name);
  });

  it('an outcome that nobody wrote', () => {
    expectCorrupt({ ...toItem(tombstone), outcome: { S: 'expired' } }, 'outcome');
  });

  it('an empty item names the first thing that is missing', () => {
    expectCorrupt({}, 'sessionId');
  });

  it('half of the progress is not the same as no fragment yet', () => {
    const item = toItem(receiving);
    const parts = ['total', 'partSize', 'next', 'crc', 'parts', 'upload', 'tail'];
    expect(parts.every((name) => name in item)).toBe(true);
    for (const kept of parts) {
      const half = parts.filter((name) => name !== kept).reduce(without, item);
      expect(errorOf(half), kept).toBeInstanceOf(StoreError);
    }
    expect(fromItem(parts.reduce(without, item))).toEqual({ ...receiving, progress: undefined });
  });

  it('attributes that nobody knows do no harm', () => {
    expect(fromItem({ ...toItem(receiving), other: { S: 'later version' } })).toEqual(receiving);
  });
});
