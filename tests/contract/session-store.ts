import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { isAbsent, isNotExpired, type SessionStore, versionIs } from '../../lib/session/store.ts';
import { type Deviations, promisesWith } from './deviations.ts';
import { everyState, newAttempt, newSession, nextVersion } from './sample-sessions.ts';

export interface SessionStoreOptions {
  /** Called in every test: the store may be shared, every test uses ids of its own. */
  readonly store: () => SessionStore;
  readonly deviations?: Deviations;
}

const nowMs = 1_800_000_000_000;
const nowSeconds = nowMs / 1000;
const unlimited = { count: Number.POSITIVE_INFINITY, declaredBytes: Number.POSITIVE_INFINITY };

/** A session that has taken the first of `totalBytes`. */
const firstBytes = (totalBytes: number) =>
  newSession({
    progress: {
      next: 1,
      layout: { totalBytes, partBytes: 8 * 2 ** 20 },
      uploadId: undefined,
      partCount: 0,
      tail: [{ offset: 0, level: 0, attempt: newAttempt() }],
      crc32: 1,
    },
  });

/** What every SessionStore promises. Call it inside a `describe`. */
export const describeSessionStore = ({ store, deviations = {} }: SessionStoreOptions): void => {
  const { promise, check } = promisesWith(deviations);

  for (const [state, session] of everyState()) {
    promise(`gives back a session as it was written: ${state}`, async () => {
      expect(await store().write(session, [isAbsent])).toEqual({ won: true });
      expect(await store().read(session.sessionId)).toEqual(session);
    });
  }

  promise('knows nothing of an id that was never written', async () => {
    expect(await store().read(randomUUID().toUpperCase())).toBeUndefined();
  });

  promise('reads what was just written, every time', async () => {
    let session = newSession();
    await store().write(session, [isAbsent]);
    for (let version = 1; version < 20; version++) {
      const next = nextVersion(session);
      expect(await store().write(next, [versionIs(session.version)])).toEqual({ won: true });
      expect(await store().read(session.sessionId)).toEqual(next);
      session = next;
    }
  });

  promise('replaces the whole item: what the next version does not have is gone', async () => {
    const states = everyState().map(([, session]) => session);
    let current = newSession();
    const { sessionId } = current;
    await store().write(current, [isAbsent]);
    for (const state of [...states, ...states.toReversed()]) {
      const next = { ...state, sessionId, version: current.version + 1, attempt: newAttempt() };
      expect(await store().write(next, [versionIs(current.version)])).toEqual({ won: true });
      expect(await store().read(sessionId)).toEqual(next);
      current = { ...current, version: next.version };
    }
  });

  promise('isAbsent: an id is taken once, and the loser learns by whom', async () => {
    const winner = newSession();
    await store().write(winner, [isAbsent]);
    const loser = newSession({ sessionId: winner.sessionId });
    expect(await store().write(loser, [isAbsent])).toEqual({ won: false, current: winner });
    expect(await store().read(winner.sessionId)).toEqual(winner);
  });

  promise('versionIs: an older version does not pass, and the loser learns the current one', async () => {
    const first = newSession();
    const second = nextVersion(first);
    await store().write(first, [isAbsent]);
    await store().write(second, [versionIs(1)]);
    expect(await store().write(nextVersion(first), [versionIs(1)])).toEqual({ won: false, current: second });
    expect(await store().write(nextVersion(second), [versionIs(3)])).toEqual({ won: false, current: second });
    expect(await store().read(first.sessionId)).toEqual(second);
  });

  promise('versionIs: nothing passes where no item is, and none is made', async () => {
    const session = newSession();
    expect(await store().write(session, [versionIs(1)])).toEqual({ won: false, current: undefined });
    expect(await store().read(session.sessionId)).toBeUndefined();
  });

  promise('isNotExpired: the last second still passes, the end does not', async () => {
    for (const [expiresAtSeconds, won] of [
      [nowSeconds + 1, true],
      [nowSeconds, false],
      [nowSeconds - 1, false],
    ] as const) {
      const session = newSession({ expiresAtSeconds });
      await store().write(session, [isAbsent]);
      const next = nextVersion(session);
      const commit = await store().write(next, [versionIs(1), isNotExpired(nowMs + 999)]);
      expect(commit).toEqual(won ? { won: true } : { won: false, current: session });
      expect(await store().read(session.sessionId)).toEqual(won ? next : session);
    }
  });

  promise('isNotExpired: a session without an end always passes', async () => {
    for (const [, session] of everyState()) {
      const hasEnd = session.state === 'receiving' || ('cleanUp' in session && !session.cleanUp.pending);
      await store().write(session, [isAbsent]);
      const next = { ...session, version: 2, attempt: newAttempt() };
      const commit = await store().write(next, [versionIs(1), isNotExpired(3_000_000_000_000)]);
      expect(commit).toEqual(hasEnd ? { won: false, current: session } : { won: true });
    }
  });

  promise('keeps an expired session readable: the code judges, not the store', async () => {
    const session = newSession({ expiresAtSeconds: 1 });
    await store().write(session, [isAbsent]);
    expect(await store().read(session.sessionId)).toEqual(session);
  });

  promise('all clauses must hold', async () => {
    const session = newSession({ expiresAtSeconds: nowSeconds + 1 });
    await store().write(session, [isAbsent]);
    const lost = { won: false, current: session };
    expect(await store().write(nextVersion(session), [versionIs(2), isNotExpired(nowMs)])).toEqual(lost);
    expect(await store().write(nextVersion(session), [isAbsent, versionIs(1)])).toEqual(lost);
  });

  promise('a write that is sent again after its answer was lost is still won', async () => {
    const first = newSession();
    const second = nextVersion(first);
    for (let again = 0; again < 3; again++) {
      expect(await store().write(first, [isAbsent])).toEqual({ won: true });
    }
    for (let again = 0; again < 3; again++) {
      expect(await store().write(second, [versionIs(1)])).toEqual({ won: true });
    }
    expect(await store().read(first.sessionId)).toEqual(second);
    // By now the first one is past: another attempt has the item.
    expect(await store().write(first, [isAbsent])).toEqual({ won: false, current: second });
  });

  promise(
    'openSessions: those with a fragment that have not ended, of this principal, and their totals',
    async () => {
      const principal = `counted-${randomUUID()}`;
      const entity = { totalBytes: 40_000, partBytes: 1, uploadId: 'u', partCount: 1, crc32: 0 };
      const whole = everyState().flatMap(([, session]) =>
        session.state === 'stored' || session.state === 'publishing' ? [{ ...session, entity }] : [],
      );
      // The job behind a failure of its application is over.
      const [finishing, failed] = [false, true].map((isFailed) =>
        whole.filter(({ notification }) => (notification?.is === 'failed') === isFailed),
      );
      if (finishing === undefined || failed === undefined || failed.length === 0)
        throw new Error('there are both');
      const counted = [...[10, 200, 3_000].map(firstBytes), ...finishing];
      const declaredBytes = 3_210 + finishing.length * entity.totalBytes;
      const others = everyState().filter(([, { state }]) => state === 'complete' || state === 'tombstone');
      for (const session of [...counted, ...failed, newSession(), ...others.map(([, session]) => session)])
        await store().write({ ...session, principal }, [isAbsent]);
      await store().write({ ...firstBytes(1), principal: `${principal}-other` }, [isAbsent]);
      expect(await store().openSessions(principal, unlimited)).toEqual({
        count: counted.length,
        declaredBytes,
      });
      expect(await store().openSessions('nobody', unlimited)).toEqual({ count: 0, declaredBytes: 0 });
    },
  );

  promise('openSessions: a session counts from its first fragment to its end', async () => {
    const principal = `counted-${randomUUID()}`;
    const count = async () => (await store().openSessions(principal, unlimited)).count;
    const session = newSession({ principal });
    await store().write(session, [isAbsent]);
    expect(await count()).toBe(0);
    const begun = nextVersion(session, { progress: firstBytes(10).progress });
    await store().write(begun, [versionIs(1)]);
    expect(await count()).toBe(1);
    const tombstone = everyState().flatMap(([, ended]) => (ended.state === 'tombstone' ? [ended] : []))[0];
    if (tombstone === undefined) throw new Error('there are tombstones');
    const { sessionId } = session;
    await store().write({ ...tombstone, principal, sessionId, version: 3 }, [versionIs(2)]);
    expect(await count()).toBe(0);
  });

  promise('openSessions: callers without credentials have nothing, however much is open', async () => {
    const session = firstBytes(10);
    await store().write({ ...session, principal: 'anonymous' }, [isAbsent]);
    expect(await store().read(session.sessionId)).toEqual({ ...session, principal: 'anonymous' });
    expect(await store().openSessions('anonymous', unlimited)).toEqual({ count: 0, declaredBytes: 0 });
  });

  promise('of many writers of one version one wins, and all others learn which', async () => {
    const session = newSession();
    await store().write(session, [isAbsent]);
    const writers = Array.from({ length: 20 }, () => nextVersion(session));
    const commits = await Promise.all(writers.map((writer) => store().write(writer, [versionIs(1)])));
    const winners = writers.filter((_, index) => commits[index]?.won === true);
    expect(winners).toHaveLength(1);
    const [current] = winners;
    for (const commit of commits) expect([{ won: true }, { won: false, current }]).toContainEqual(commit);
    expect(await store().read(session.sessionId)).toEqual(current);
  });

  promise('a ticket is its first session alone, as often as that asks', async () => {
    const ticket = randomUUID();
    const end = nowSeconds + 60;
    expect(await store().takeTicket(ticket, 'FIRST', end)).toBe(true);
    expect(await store().takeTicket(ticket, 'SECOND', end)).toBe(false);
    expect(await store().takeTicket(ticket, 'FIRST', end)).toBe(true);
    expect(await store().takeTicket(randomUUID(), 'SECOND', end)).toBe(true);
  });

  promise('of many sessions that take one ticket one gets it', async () => {
    const ticket = randomUUID();
    const sessions = Array.from({ length: 10 }, () => randomUUID());
    const taken = await Promise.all(
      sessions.map((session) => store().takeTicket(ticket, session, nowSeconds + 60)),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  promise(
    'a call that was given up rejects with a StoreError, and a write with it was not made',
    async () => {
      const signal = AbortSignal.abort(new Error('out of time'));
      const session = newSession();
      const unavailable = { name: 'StoreError', code: 'UNAVAILABLE' };
      await expect(store().read(session.sessionId, signal)).rejects.toMatchObject(unavailable);
      await expect(store().write(session, [isAbsent], signal)).rejects.toMatchObject(unavailable);
      await expect(store().takeTicket(session.sessionId, 'X', 1, signal)).rejects.toMatchObject(unavailable);
      expect(await store().takeTicket(session.sessionId, 'Y', 1)).toBe(true);
      expect(await store().read(session.sessionId)).toBeUndefined();
    },
  );

  check();
};
