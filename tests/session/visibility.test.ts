import { describe, expect, it } from 'vitest';
import type { CleanUp, Session } from '../../lib/session/session.ts';
import { isExpired, visibleSession } from '../../lib/session/visibility.ts';
import { complete, everyState, publishing, receiving, stored, tombstone } from './sessions.ts';

const claim = { urlHash: receiving.urlHash, principal: receiving.principal };
const end = 1_796_000_000;
const cleanUp: CleanUp = { pending: false, expiresAtSeconds: end };
const pending: CleanUp = { pending: true, dueAtSeconds: end };
const states = everyState.map((session) => [session.state, session] as const);

describe('isExpired', () => {
  it.each([
    ['receiving', { ...receiving, expiresAtSeconds: end }],
    ['complete', { ...complete, cleanUp }],
    ['tombstone', { ...tombstone, cleanUp }],
  ] as const)('%s ends with the second it names', (_, session) => {
    expect(isExpired(session, (end - 1) * 1000)).toBe(false);
    expect(isExpired(session, end * 1000 - 1)).toBe(false);
    expect(isExpired(session, end * 1000)).toBe(true);
    expect(isExpired(session, end * 1000 + 1)).toBe(true);
  });

  it.each([
    ['stored', { ...stored, dueAtSeconds: end }],
    ['publishing', { ...publishing, dueAtSeconds: end, leaseUntilMs: 0 }],
    ['complete, clean-up pending', { ...complete, cleanUp: pending }],
    ['tombstone, clean-up pending', { ...tombstone, cleanUp: pending }],
  ] as const)('%s has no end: the sweep has still to do with it', (_, session) => {
    expect(isExpired(session, end * 1000 * 1000)).toBe(false);
  });
});

describe('visibleSession (C10)', () => {
  const nowMs = 1_795_100_000_000;

  it('there is none', () => {
    expect(visibleSession(undefined, claim, nowMs)).toBeUndefined();
  });

  it.each(states)('%s shows itself to its own URL and principal', (_, session) => {
    expect(visibleSession(session, claim, nowMs)).toBe(session);
  });

  it.each(states)('%s does not show itself to anything else', (_, session) => {
    const others = [
      { ...claim, urlHash: `d${claim.urlHash.slice(1)}` },
      { ...claim, urlHash: '' },
      { ...claim, principal: 'bob' },
      { ...claim, principal: 'Alice' },
      { ...claim, principal: '' },
      { urlHash: claim.principal, principal: claim.urlHash },
    ];
    for (const other of others) expect(visibleSession(session, other, nowMs)).toBeUndefined();
  });

  it.each([
    ['receiving', { ...receiving, expiresAtSeconds: end }],
    ['complete', { ...complete, cleanUp }],
    ['tombstone', { ...tombstone, cleanUp }],
  ] as readonly (readonly [string, Session])[])('%s is gone once it has expired', (_, session) => {
    expect(visibleSession(session, claim, end * 1000 - 1)).toBe(session);
    expect(visibleSession(session, claim, end * 1000)).toBeUndefined();
  });
});
