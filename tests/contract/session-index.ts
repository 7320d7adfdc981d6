import { randomUUID } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import type { Session } from '../../lib/session/session.ts';
import type { SessionIndex } from '../../lib/session/session-index.ts';
import { isAbsent, type SessionStore, versionIs } from '../../lib/session/store.ts';
import { newAttempt, newSession } from './sample-sessions.ts';

/** An empty index, and the store beside it. */
export interface IndexUnderTest {
  readonly index: SessionIndex;
  readonly store: SessionStore;
  /** Pages asked for so far; more than one a listing where the server gives pages. */
  readonly pages?: () => number;
}

/** An id whose shard of the index is `shard`. */
const idIn = (shard: number): string => `0000000${shard % 8}${randomUUID().slice(8)}`.toUpperCase();

/** No reply application has a part in it. */
const plain = { notification: undefined };
const entity = { totalBytes: 10, partBytes: 10, uploadId: 'u', partCount: 1, crc32: 0 };

const waiting = (sessionId: string, dueAtSeconds: number): Session => ({
  ...newSession({ sessionId }),
  state: 'stored',
  entity,
  ...plain,
  closedEmpty: false,
  dueAtSeconds,
});

const gather = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
};

/** What every SessionIndex promises. Call it inside a `describe`. */
export const describeSessionIndex = (open: () => Promise<IndexUnderTest>): void => {
  let under: IndexUnderTest;
  beforeEach(async () => {
    under = await open();
  });
  const write = (session: Session) => under.store.write(session, [isAbsent]);

  it('is empty where nothing is', async () => {
    expect(await gather(under.index.dueSessions(2_000_000_000))).toEqual([]);
    expect(await gather(under.index.allSessions())).toEqual([]);
  });

  it('a ticket that was taken is no session', async () => {
    await under.store.takeTicket(randomUUID(), 'F0000000-7D34-4F6E-9A21-3C8D5E7F9012', 1);
    expect(await gather(under.index.dueSessions(2_000_000_000))).toEqual([]);
    expect(await gather(under.index.allSessions())).toEqual([]);
  });

  it('every due session once, over all shards and pages; none that is not due yet', async () => {
    const due = Array.from({ length: 30 }, (_, at) => waiting(idIn(at), 1000 + at));
    const later = Array.from({ length: 10 }, (_, at) => waiting(idIn(at), 1030 + at));
    for (const session of [...due, ...later]) await write(session);
    const ids = await gather(under.index.dueSessions(1029));
    expect(ids.toSorted()).toEqual(due.map(({ sessionId }) => sessionId).toSorted());
  });

  it('the second itself is due', async () => {
    const session = waiting(idIn(3), 1000);
    await write(session);
    expect(await gather(under.index.dueSessions(999))).toEqual([]);
    expect(await gather(under.index.dueSessions(1000))).toEqual([session.sessionId]);
  });

  it('one shard that has everything gives it page by page, oldest first', async () => {
    const all = Array.from({ length: 20 }, (_, at) => waiting(idIn(5), 1000 + ((at * 7) % 20)));
    for (const session of all) await write(session);
    const before = under.pages?.() ?? 0;
    const ids = await gather(under.index.dueSessions(2000));
    const order = new Map(
      all.map((session) => [session.sessionId, 'dueAtSeconds' in session && session.dueAtSeconds]),
    );
    expect(ids.map((id) => order.get(id))).toEqual(Array.from({ length: 20 }, (_, at) => 1000 + at));
    // Eight shards take eight pages at least.
    if (under.pages !== undefined) expect(under.pages() - before).toBeGreaterThan(8);
  });

  it('only what waits for the sweep is in it, in every state', async () => {
    const done = { pending: false, expiresAtSeconds: 1 } as const;
    const pending = { pending: true, dueAtSeconds: 1 } as const;
    const tombstone = { state: 'tombstone', outcome: 'cancelled', uploadId: 'u' } as const;
    const publishing = {
      state: 'publishing',
      entity,
      ...plain,
      closedEmpty: false,
      leaseUntilMs: 0,
    } as const;
    const waits: Session[] = [
      waiting(idIn(0), 1),
      { ...newSession({ sessionId: idIn(1) }), ...publishing, dueAtSeconds: 1 },
      { ...newSession({ sessionId: idIn(2) }), state: 'complete', totalBytes: 1, ...plain, cleanUp: pending },
      { ...newSession({ sessionId: idIn(3) }), ...tombstone, cleanUp: pending },
    ];
    const rests: Session[] = [
      newSession({ sessionId: idIn(0), expiresAtSeconds: 1 }),
      { ...newSession({ sessionId: idIn(2) }), state: 'complete', totalBytes: 1, ...plain, cleanUp: done },
      { ...newSession({ sessionId: idIn(3) }), ...tombstone, cleanUp: done },
    ];
    for (const session of [...waits, ...rests]) await write(session);
    const ids = await gather(under.index.dueSessions(1000));
    expect(ids.toSorted()).toEqual(waits.map(({ sessionId }) => sessionId).toSorted());
    const everything = await gather(under.index.allSessions());
    expect(everything.map(({ sessionId }) => sessionId).toSorted()).toEqual(
      [...waits, ...rests].map(({ sessionId }) => sessionId).toSorted(),
    );
  });

  it('sessions that are settled while it is read disturb nothing', async () => {
    const all = Array.from({ length: 25 }, (_, at) => waiting(idIn(at % 2), 1000 + at));
    for (const session of all) await write(session);
    const seen: string[] = [];
    for await (const sessionId of under.index.dueSessions(2000)) {
      seen.push(sessionId);
      const settled: Session = {
        ...newSession({ sessionId, version: 2, attempt: newAttempt() }),
        state: 'complete',
        totalBytes: 10,
        ...plain,
        cleanUp: { pending: false, expiresAtSeconds: 9_000 },
      };
      expect(await under.store.write(settled, [versionIs(1)])).toEqual({ won: true });
    }
    expect(seen.toSorted()).toEqual(all.map(({ sessionId }) => sessionId).toSorted());
    expect(await gather(under.index.dueSessions(2000))).toEqual([]);
  });

  it('allSessions: every session whole, page by page, as it is at that moment', async () => {
    const all = Array.from({ length: 25 }, (_, at) => newSession({ sessionId: idIn(at) }));
    for (const session of all) await write(session);
    const before = under.pages?.() ?? 0;
    const listed = await gather(under.index.allSessions());
    expect(listed).toHaveLength(25);
    expect(new Set(listed)).toEqual(new Set(all));
    if (under.pages !== undefined) expect(under.pages() - before).toBeGreaterThan(1);
  });
};
