import { describe, expect, it } from 'vitest';
import { defaultTimers } from '../../lib/session/timers.ts';
import { discard } from '../../lib/session/transitions.ts';
import { ObjectStoreError } from '../../lib/upload/object-store.ts';
import { publish } from '../../lib/upload/publish.ts';
import { anothers, nobody, ours, parts, publication, publishing, startMs, stored } from './publication.ts';
import { noAnswer } from './scripted-stores.ts';

const moment = (attempt: string) => ({ attempt, nowMs: startMs, timers: defaultTimers });
const gone = () => new ObjectStoreError('NO_SUCH_UPLOAD', 'gone');

describe('a publication on a good day', () => {
  it('verifies, stamps, completes, ends the session and cleans up, in this order', async () => {
    const { objects, sessions, services, budget, alarms, log } = publication();
    objects.pieces = ['0B5E2C1A/0-a', '0B5E2C1A/64-b'];
    const ended = await publish(services, stored, 'close-session', budget);
    expect(ended).toMatchObject({ state: 'tombstone', outcome: 'published', uploadId: undefined });
    expect(sessions.current).toEqual(ended);
    expect(sessions.written.map(({ state }) => state)).toEqual(['publishing', 'tombstone']);
    expect(log.slice(0, 2)).toEqual(['list parts', 'write publishing']);
    expect(log.indexOf('complete')).toBeGreaterThan(log.indexOf('write publishing'));
    expect(log.indexOf('list pieces')).toBeGreaterThan(log.indexOf('write publishing'));
    expect(log.at(-1)).toBe('write tombstone');
    expect(objects.completed).toHaveLength(1);
    expect(objects.aborted).toEqual([]);
    expect(objects.pieces).toEqual([]);
    expect(alarms).toEqual([]);
  });

  it('holds its lease until the deadline of the invocation', async () => {
    const { sessions, services, budget } = publication();
    await publish(services, stored, 'close-session', budget);
    expect(sessions.written[0]).toMatchObject({ state: 'publishing', leaseUntilMs: budget.deadlineMs });
  });

  it.each([
    ['close-session', { state: 'tombstone', outcome: 'published' }],
    ['last-fragment', { state: 'complete', totalBytes: 200 }],
    ['sweep', { state: 'complete', totalBytes: 200 }],
  ] as const)('by %s', async (publisher, end) => {
    const { sessions, services, budget } = publication();
    const cleanUp = { pending: false, expiresAtSeconds: startMs / 1000 + defaultTimers.tombstoneSeconds };
    expect(await publish(services, stored, publisher, budget)).toMatchObject({ ...end, cleanUp });
    expect(sessions.current).toMatchObject(end);
  });

  it('costs two writes, one listing of each kind, two looks and one Complete', async () => {
    const { services, budget, log } = publication();
    await publish(services, stored, 'close-session', budget);
    expect([...log].sort()).toEqual(
      ['list parts', 'write publishing', 'head', 'complete', 'head', 'list pieces', 'write tombstone'].sort(),
    );
  });
});

describe('verdicts', () => {
  it.each([
    ['the destination is taken', false, 'refused'],
    ['the destination of an empty CLOSE is taken', true, 'early'],
  ])('%s: our upload is aborted, staging deleted', async (_, closedEmpty, outcome) => {
    const { objects, services, budget, alarms } = publication();
    objects.there = anothers;
    objects.pieces = ['0B5E2C1A/0-a'];
    const ended = await publish(services, { ...stored, closedEmpty }, 'close-session', budget);
    expect(ended).toMatchObject({
      state: 'tombstone',
      outcome,
      uploadId: undefined,
      cleanUp: { pending: false },
    });
    expect(objects.aborted).toEqual(['upload-1']);
    expect(objects.pieces).toEqual([]);
    expect(objects.completed).toEqual([]);
    expect(objects.there).toBe(anothers);
    expect(alarms).toEqual([]);
  });

  it('other bytes than were acknowledged: an alarm, and nothing is published', async () => {
    const { objects, services, budget, alarms } = publication();
    objects.completions.push('mismatch');
    const ended = await publish(services, stored, 'close-session', budget);
    expect(ended).toMatchObject({ state: 'tombstone', outcome: 'lost', cleanUp: { pending: false } });
    expect(objects.aborted).toEqual(['upload-1']);
    expect(alarms.map(({ what }) => what)).toEqual(['publication lost']);
  });

  it('published and not to be seen: an alarm, and success', async () => {
    const { objects, services, budget, alarms } = publication();
    objects.completions.push('no-such-upload');
    const ended = await publish(services, stored, 'close-session', budget);
    expect(ended).toMatchObject({ state: 'tombstone', outcome: 'published' });
    expect(objects.aborted).toEqual([]);
    expect(alarms.map(({ what }) => what)).toEqual(['publication unverified']);
  });
});

describe('acknowledged bytes are gone before the stamp', () => {
  it.each([
    ['the upload is gone', gone()],
    ['a part is missing', parts.slice(1)],
  ])('%s: the session ends as lost, with an alarm and without a stamp', async (_, listing) => {
    const { objects, sessions, services, budget, alarms } = publication();
    objects.listings.push(listing);
    const ended = await publish(services, stored, 'close-session', budget);
    expect(ended).toMatchObject({ state: 'tombstone', outcome: 'lost' });
    expect(sessions.written.map(({ state }) => state)).not.toContain('publishing');
    expect(objects.completed).toEqual([]);
    expect(objects.aborted).toEqual(['upload-1']);
    expect(alarms.map(({ what }) => what)).toEqual(['acknowledged bytes lost']);
  });

  it('the session has moved on meanwhile: they were only somewhere else', async () => {
    const { objects, sessions, services, budget, alarms } = publication();
    const tombstone = { ...discard(stored, 'cancelled', moment('c1c2c3c4c5c6')), uploadId: undefined };
    objects.listings.push(() => {
      sessions.current = tombstone;
      throw gone();
    });
    expect(await publish(services, stored, 'close-session', budget)).toBe(tombstone);
    expect(sessions.written).toEqual([]);
    expect(alarms).toEqual([]);
  });

  it('once it is stamped a missing upload was used up, not lost', async () => {
    const { objects, services, budget } = publication(publishing);
    objects.listings.push(gone());
    const takenOver = { ...publishing, leaseUntilMs: startMs };
    expect(await publish(services, takenOver, 'close-session', budget)).toMatchObject({
      outcome: 'published',
    });
    expect(objects.completed).toEqual([]);
  });
});

describe('staging that cannot be deleted', () => {
  it('is tried once more with the tombstone, and then left to the sweep', async () => {
    const { objects, services, budget, alarms } = publication();
    objects.pieceListings.push(noAnswer(), noAnswer());
    const ended = await publish(services, stored, 'close-session', budget);
    expect(ended).toMatchObject({ outcome: 'published', cleanUp: { pending: true } });
    expect(alarms.map(({ what }) => what)).toEqual(['clean-up left to the sweep']);
  });

  it('is clean after the second try', async () => {
    const { objects, sessions, services, budget, alarms } = publication();
    objects.pieceListings.push(noAnswer());
    objects.pieces = ['0B5E2C1A/0-a'];
    const ended = await publish(services, stored, 'close-session', budget);
    expect(ended).toMatchObject({ outcome: 'published', cleanUp: { pending: false } });
    expect(sessions.current).toEqual(ended);
    expect(objects.pieces).toEqual([]);
    expect(alarms).toEqual([]);
  });

  it('leaves a COMPLETE session due', async () => {
    const { objects, services, budget } = publication();
    objects.pieceListings.push(noAnswer());
    const ended = await publish(services, stored, 'last-fragment', budget);
    expect(ended).toMatchObject({ state: 'complete', cleanUp: { pending: true } });
  });
});

describe('S3 does not decide', () => {
  it('the lease is released at once, and a repeat carries on without waiting', async () => {
    const { objects, sessions, services, budget, clock } = publication();
    objects.completions.push(noAnswer(), noAnswer(), noAnswer());
    await expect(publish(services, stored, 'close-session', budget)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    const left = sessions.current;
    if (left?.state !== 'publishing') throw new Error('the session is not being published');
    expect(left.leaseUntilMs).toBe(startMs);
    expect(await publish(services, left, 'close-session', budget)).toMatchObject({ outcome: 'published' });
    expect(clock.waits).toBe(0);
  });

  it('the parts cannot be listed: nothing is stamped', async () => {
    const { objects, sessions, services, budget } = publication();
    objects.listings.push(noAnswer());
    await expect(publish(services, stored, 'close-session', budget)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(sessions.current).toBe(stored);
  });
});

describe('what cannot be published', () => {
  it('a session that still receives', async () => {
    const { sessions, services, budget } = publication();
    const { entity: _e, closedEmpty: _c, dueAtSeconds: _d, ...rest } = stored;
    sessions.writes.push(() => {
      sessions.current = {
        ...rest,
        version: 9,
        state: 'receiving',
        progress: undefined,
        expiresAtSeconds: startMs,
      };
    });
    await expect(publish(services, stored, 'close-session', budget)).rejects.toThrow('receiving');
  });

  it('anything, once the time is over', async () => {
    const { services, budget, abort, log } = publication();
    abort.abort(new Error('out of time'));
    await expect(publish(services, stored, 'close-session', budget)).rejects.toThrow('out of time');
    expect(log).toEqual([]);
  });

  it("nothing is there before, ours is there after: nobody's object is touched", async () => {
    const { objects, services, budget } = publication();
    expect(objects.there).toBe(nobody);
    await publish(services, stored, 'last-fragment', budget);
    expect(objects.there).toBe(ours);
  });
});
