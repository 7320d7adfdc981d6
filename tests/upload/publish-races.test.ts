import { describe, expect, it } from 'vitest';
import type { Session } from '../../lib/session/session.ts';
import { defaultTimers } from '../../lib/session/timers.ts';
import { discard } from '../../lib/session/transitions.ts';
import { ObjectStoreError } from '../../lib/upload/object-store.ts';
import { publish } from '../../lib/upload/publish.ts';
import { ours, publication, publishing, startMs, stored } from './publication.ts';
import { noAnswer } from './scripted-stores.ts';

const moment = (attempt: string) => ({ attempt, nowMs: startMs, timers: defaultTimers });
const gone = () => new ObjectStoreError('NO_SUCH_UPLOAD', 'gone');

describe('the lease of another', () => {
  it('is waited for, until the other has decided', async () => {
    const { objects, sessions, services, budget, clock } = publication(publishing);
    const decided: Session = {
      ...discard(publishing, 'refused', moment('c1c2c3c4c5c6')),
      uploadId: undefined,
      cleanUp: { pending: false, expiresAtSeconds: startMs },
    };
    clock.onWait = (waits) => {
      if (waits === 3) sessions.current = decided;
    };
    expect(await publish(services, publishing, 'close-session', budget)).toBe(decided);
    expect(clock.waits).toBe(3);
    expect(objects.log).not.toContain('list parts');
    expect(sessions.written).toEqual([]);
  });

  it('once over is taken over', async () => {
    const { objects, sessions, services, budget, clock } = publication(publishing);
    const ended = await publish(services, publishing, 'close-session', budget);
    expect(ended).toMatchObject({ outcome: 'published' });
    expect(clock.nowMs).toBe(publishing.leaseUntilMs);
    expect(sessions.written[0]).toMatchObject({ state: 'publishing', leaseUntilMs: budget.deadlineMs });
    expect(objects.completed).toHaveLength(1);
  });

  it.each([
    [0, 0],
    [1, 1],
  ])('that ends in %d ms is waited for %d times', async (remainingMs, waits) => {
    const leased = { ...publishing, leaseUntilMs: startMs + remainingMs };
    const { services, budget, clock } = publication(leased);
    await publish(services, leased, 'close-session', budget);
    expect(clock.waits).toBe(waits);
  });

  it('is over, and the other had come through: nothing is completed twice', async () => {
    const leased = { ...publishing, leaseUntilMs: startMs };
    const { objects, services, budget } = publication(leased);
    objects.there = ours;
    objects.listings.push(gone());
    expect(await publish(services, leased, 'close-session', budget)).toMatchObject({ outcome: 'published' });
    expect(objects.completed).toEqual([]);
  });

  it('is not waited for beyond the own time', async () => {
    const { sessions, services, budget, clock, abort } = publication(publishing);
    clock.onWait = (waits) => {
      if (waits === 2) abort.abort(new Error('out of time'));
    };
    await expect(publish(services, publishing, 'close-session', budget)).rejects.toThrow('out of time');
    expect(sessions.current).toBe(publishing);
  });
});

describe('two publishers', () => {
  it('at once make one publication, and both are told of it', async () => {
    const { objects, sessions, services, budget } = publication();
    const [first, second] = await Promise.all([
      publish(services, stored, 'close-session', budget),
      publish(services, stored, 'sweep', budget),
    ]);
    expect(objects.completed).toHaveLength(1);
    expect(first).toEqual(second);
    expect(sessions.current).toEqual(first);
    expect(sessions.written.map(({ state }) => state)).toHaveLength(2);
  });

  it('the stamp is lost to a CANCEL: nothing is published', async () => {
    const { objects, sessions, services, budget } = publication();
    const cancelled = discard(stored, 'cancelled', moment('c1c2c3c4c5c6'));
    sessions.writes.push(() => {
      sessions.current = cancelled;
    });
    expect(await publish(services, stored, 'close-session', budget)).toBe(cancelled);
    expect(objects.completed).toEqual([]);
  });

  it('the session is deleted meanwhile: there is nothing to tell', async () => {
    const { objects, sessions, services, budget } = publication();
    sessions.writes.push(() => {
      sessions.current = undefined;
    });
    expect(await publish(services, stored, 'close-session', budget)).toBeUndefined();
    expect(objects.completed).toEqual([]);
  });

  it('a slow one whose lease was taken over believes the one who came after', async () => {
    const { objects, sessions, services, budget } = publication();
    const decided = { ...discard(publishing, 'refused', moment('c1c2c3c4c5c6')), version: 11 };
    sessions.writes.push('as it should', () => {
      sessions.current = decided;
    });
    expect(await publish(services, stored, 'close-session', budget)).toBe(decided);
    expect(objects.completed).toHaveLength(1);
  });
});

describe('writes that are not answered', () => {
  it('the stamp: the session stays as it is, and a repeat publishes', async () => {
    const { objects, sessions, services, budget } = publication();
    sessions.writes.push('unanswered');
    await expect(publish(services, stored, 'close-session', budget)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(sessions.current).toBe(stored);
    expect(objects.completed).toEqual([]);
    expect(await publish(services, stored, 'close-session', budget)).toMatchObject({ outcome: 'published' });
  });

  it('the end, which was not written: the lease is released, and a repeat finds the object', async () => {
    const { objects, sessions, services, budget, clock } = publication();
    sessions.writes.push('as it should', 'unanswered');
    await expect(publish(services, stored, 'close-session', budget)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    const left = sessions.current;
    if (left?.state !== 'publishing') throw new Error('the session is not being published');
    expect(left.leaseUntilMs).toBe(startMs);
    expect(await publish(services, left, 'close-session', budget)).toMatchObject({ outcome: 'published' });
    expect(clock.waits).toBe(0);
    expect(objects.completed).toHaveLength(1);
  });

  it('the end, which was written: it stands, and the release of the lease does not undo it', async () => {
    const { objects, sessions, services, budget } = publication();
    sessions.writes.push('as it should', 'done but unanswered');
    await expect(publish(services, stored, 'close-session', budget)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(sessions.current).toMatchObject({ state: 'tombstone', outcome: 'published' });
    expect(objects.completed).toHaveLength(1);
  });

  it('the release of the lease: the failure before it is what is told, and the lease ends by itself', async () => {
    const { objects, sessions, services, budget } = publication();
    objects.heads.push(noAnswer());
    sessions.writes.push('as it should', 'unanswered');
    await expect(publish(services, stored, 'close-session', budget)).rejects.toBeInstanceOf(ObjectStoreError);
    expect(sessions.current).toMatchObject({ state: 'publishing', leaseUntilMs: budget.deadlineMs });
  });
});
