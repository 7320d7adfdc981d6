import { describe, expect, it } from 'vitest';
import type { CleanUp, Session, SessionBase } from '../../lib/session/session.ts';
import { nextOffset } from '../../lib/session/session.ts';
import { defaultTimers, receivingExpiresAtSeconds } from '../../lib/session/timers.ts';
import {
  advance,
  cleaned,
  closePublished,
  complete as completeSession,
  createSession,
  discard,
  notified,
  notifying,
  stampPublishing,
  store,
} from '../../lib/session/transitions.ts';
import { answered, moment, notifiable, nowMs, nowSeconds, timeoutSeconds, timers } from './moment.ts';
import {
  base,
  complete,
  entity,
  everyState,
  fresh,
  progress,
  publishing,
  receiving,
  stored,
  tombstone,
} from './sessions.ts';

const done: CleanUp = { pending: false, expiresAtSeconds: nowSeconds + timers.tombstoneSeconds };
const due: CleanUp = { pending: true, dueAtSeconds: nowSeconds + timers.recoverySeconds };

/** Every transition of an existing session, from every state that it is for. */
const transitions: readonly (readonly [name: string, from: Session, to: Session])[] = [
  ['advance a fresh session', fresh, advance(fresh, progress, timeoutSeconds, moment)],
  ['advance', receiving, advance(receiving, progress, timeoutSeconds, moment)],
  ['store', receiving, store(receiving, entity, false, timeoutSeconds, moment)],
  ['store nothing', fresh, store(fresh, entity, true, timeoutSeconds, moment)],
  ['stampPublishing', stored, stampPublishing(stored, nowMs + 30_000, moment)],
  ['stampPublishing again', publishing, stampPublishing(publishing, nowMs + 30_000, moment)],
  ['complete', publishing, completeSession(publishing, true, moment)],
  ['closePublished', publishing, closePublished(publishing, true, moment)],
  ['closePublished of COMPLETE', complete, closePublished(complete, true, moment)],
  ['notifying', notifiable, notifying(notifiable, nowMs + 30_000, moment)],
  ['notified', notifiable, notified(notifiable, answered, moment)],
  ['cleaned', tombstone, cleaned(tombstone, moment)],
  ...everyState.map(
    (session) => [`discard ${session.state}`, session, discard(session, 'lost', moment)] as const,
  ),
];

describe('every transition', () => {
  it.each(transitions)('%s carries over who, what and where', (_, from, to) => {
    const kept: (keyof SessionBase)[] = [
      'sessionId',
      'urlHash',
      'principal',
      'destination',
      'bucket',
      'key',
      'allowOverwrites',
      'publishOn',
      'place',
      'createdAtMs',
    ];
    for (const name of kept) expect(to[name], name).toBe(from[name]);
  });

  it.each(transitions)('%s makes the next version, in the name of the attempt', (_, from, to) => {
    expect(to.version).toBe(from.version + 1);
    expect(to.attempt).toBe(moment.attempt);
  });

  it.each(transitions)('%s leaves the session it came from as it was', (_, from) => {
    expect(from.version).toBe(base.version);
    expect(from.attempt).toBe(base.attempt);
  });

  it.each(transitions)('%s has an end or a due time, never both', (_, _from, to) => {
    switch (to.state) {
      case 'receiving':
        expect('dueAtSeconds' in to).toBe(false);
        break;
      case 'stored':
      case 'publishing':
        expect('expiresAtSeconds' in to).toBe(false);
        break;
      case 'complete':
      case 'tombstone':
        expect('dueAtSeconds' in to || 'expiresAtSeconds' in to).toBe(false);
        expect('expiresAtSeconds' in to.cleanUp).toBe(!to.cleanUp.pending);
        expect('dueAtSeconds' in to.cleanUp).toBe(to.cleanUp.pending);
        break;
    }
  });
});

describe('createSession', () => {
  const { createdAtMs: _c, version: _v, attempt: _a, ...identity } = base;

  it('is RECEIVING, version 1, nothing accepted', () => {
    expect(createSession(identity, timeoutSeconds, moment)).toEqual({
      ...identity,
      createdAtMs: nowMs,
      version: 1,
      attempt: moment.attempt,
      state: 'receiving',
      progress: undefined,
      expiresAtSeconds: nowSeconds + Math.min(timeoutSeconds, timers.emptySessionSeconds),
    });
  });

  it('never lives longer than a session may', () => {
    const brief = { ...moment, timers: { ...timers, lifetimeSeconds: 100 } };
    expect(createSession(identity, timeoutSeconds, brief).expiresAtSeconds).toBe(nowSeconds + 100);
  });

  it('waits for its first fragment a day at most', () => {
    const session = createSession(identity, timers.emptySessionSeconds + 1, moment);
    expect(session.expiresAtSeconds).toBe(nowSeconds + 86_400);
  });
});

describe('the end of a receiving session', () => {
  const createdSeconds = Math.floor(base.createdAtMs / 1000);
  const hardEnd = createdSeconds + timers.lifetimeSeconds;
  it.each([
    ['its timeout after the last commit', 0, createdSeconds + timeoutSeconds],
    ['later with every commit', 50_000_000, createdSeconds + 50_000 + timeoutSeconds],
    ['the hard end, when both are the same', (timers.lifetimeSeconds - timeoutSeconds) * 1000, hardEnd],
    ['the hard end, when the timeout would pass it', (timers.lifetimeSeconds - 1) * 1000, hardEnd],
  ])('%s', (_, afterMs, end) => {
    const at = base.createdAtMs + afterMs;
    expect(receivingExpiresAtSeconds(timers, base.createdAtMs, at, timeoutSeconds)).toBe(end);
    expect(advance(receiving, progress, timeoutSeconds, { ...moment, nowMs: at }).expiresAtSeconds).toBe(end);
  });

  it('by default a session lives 90 days, and its tombstone as long as a client goes on trying', () => {
    expect(defaultTimers.lifetimeSeconds).toBe(90 * 86_400);
    expect(defaultTimers.tombstoneSeconds).toBe(14 * 86_400);
    expect(defaultTimers.closeGraceSeconds).toBe(3_600);
  });
});

describe('advance', () => {
  it('has the new progress', () => {
    expect(advance(fresh, progress, timeoutSeconds, moment)).toMatchObject({ state: 'receiving', progress });
  });
});

describe('store', () => {
  it('keeps the entity, and what it was made by', () => {
    expect(store(receiving, entity, false, timeoutSeconds, moment)).toMatchObject({
      state: 'stored',
      entity,
      closedEmpty: false,
    });
    expect(store(fresh, entity, true, timeoutSeconds, moment)).toMatchObject({ closedEmpty: true });
  });

  it.each([
    ['the grace for a CLOSE', timeoutSeconds, nowMs, nowSeconds + 3_600],
    ['the session timeout, where that is shorter', 600, nowMs, nowSeconds + 600],
    [
      'the hard end, where that is sooner',
      timeoutSeconds,
      base.createdAtMs + (timers.lifetimeSeconds - 10) * 1000,
      1_795_000_000 + timers.lifetimeSeconds,
    ],
  ])('is due after %s', (_, sessionTimeoutSeconds, at, dueAtSeconds) => {
    const to = store(receiving, entity, false, sessionTimeoutSeconds, { ...moment, nowMs: at });
    expect(to.dueAtSeconds).toBe(dueAtSeconds);
  });
});

describe('stampPublishing', () => {
  it('holds the lease it was given, and is due only after it', () => {
    const leaseUntilMs = nowMs + 30_500;
    for (const from of [stored, publishing, { ...stored, closedEmpty: true }]) {
      expect(stampPublishing(from, leaseUntilMs, moment)).toMatchObject({
        state: 'publishing',
        entity,
        closedEmpty: from.closedEmpty,
        leaseUntilMs,
        dueAtSeconds: Math.ceil(leaseUntilMs / 1000) + timers.recoverySeconds,
      });
    }
  });
});

describe('complete', () => {
  it.each([
    [true, done],
    [false, due],
  ])('staging clean: %s', (isClean, cleanUp) => {
    expect(completeSession(publishing, isClean, moment)).toMatchObject({
      state: 'complete',
      totalBytes: entity.totalBytes,
      cleanUp,
    });
  });
});

describe('closePublished', () => {
  it.each([
    ['PUBLISHING, staging clean', publishing, true, done],
    ['PUBLISHING, staging not clean', publishing, false, due],
    ['COMPLETE, staging clean', complete, true, done],
    ['COMPLETE, staging not clean', complete, false, due],
  ])('%s', (_, from, isClean, cleanUp) => {
    expect(closePublished(from, isClean, moment)).toMatchObject({
      state: 'tombstone',
      outcome: 'published',
      // The upload was used up: there is nothing to abort.
      uploadId: undefined,
      cleanUp,
    });
  });
});

describe('discard', () => {
  it.each([
    ['fresh', fresh, undefined],
    ['receiving', receiving, 'upload-1'],
    ['receiving, no part yet', { ...receiving, progress: { ...progress, uploadId: undefined } }, undefined],
    ['stored', stored, 'upload-1'],
    ['publishing', publishing, 'upload-1'],
    ['complete', complete, undefined],
    ['tombstone', { ...tombstone, uploadId: 'upload-2' }, 'upload-2'],
  ])('%s leaves its upload to be aborted, and is due at once', (_, from, uploadId) => {
    for (const outcome of ['cancelled', 'refused', 'early', 'lost'] as const) {
      expect(discard(from, outcome, moment)).toMatchObject({
        state: 'tombstone',
        outcome,
        uploadId,
        cleanUp: due,
      });
    }
  });
});

describe('cleaned', () => {
  it('keeps the outcome, forgets the upload and lives out its time', () => {
    const from = discard(receiving, 'early', moment);
    expect(cleaned(from, { ...moment, nowMs: nowMs + 5_000 })).toMatchObject({
      version: from.version + 1,
      outcome: 'early',
      uploadId: undefined,
      cleanUp: { pending: false, expiresAtSeconds: nowSeconds + 5 + timers.tombstoneSeconds },
    });
  });
});

describe('nextOffset', () => {
  it.each([
    ['fresh', fresh, 0],
    ['receiving', receiving, 101],
    ['stored', stored, 200],
    ['publishing', publishing, 200],
    ['complete', complete, 200],
  ])('%s', (_, session, offset) => {
    expect(nextOffset(session)).toBe(offset);
  });
});
