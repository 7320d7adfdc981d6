import { describe, expect, it } from 'vitest';
import { errorRow } from '../../lib/protocol/errors.ts';
import { closeErrorOf, decideCancel, decideClose } from '../../lib/session/decide-end.ts';
import { complete, fresh, outcomes, publishing, receiving, stored, tombstone } from './sessions.ts';

const unknown = { do: 'refuse', code: 'SESSION_NOT_FOUND', why: expect.any(String) };

describe('decideClose', () => {
  it.each([
    ['no session', undefined, unknown],
    ['COMPLETE', complete, { do: 'forget', session: complete }],
    ['RECEIVING, some bytes accepted', receiving, { do: 'discard-early', session: receiving }],
    ['RECEIVING, nothing accepted', fresh, { do: 'publish-empty', session: fresh }],
    ['STORED', stored, { do: 'publish', session: stored }],
    ['PUBLISHING', publishing, { do: 'publish', session: publishing }],
  ])('%s', (_, session, decision) => {
    expect(decideClose(session, 0)).toEqual(decision);
  });

  it.each(outcomes)('a tombstone repeats that it was %s', (outcome) => {
    expect(decideClose({ ...tombstone, outcome }, 0)).toEqual({ do: 'repeat', outcome });
  });

  it.each([
    ['published', undefined],
    ['cancelled', undefined],
    ['refused', 403],
    ['early', 400],
    ['lost', 404],
  ] as const)('%s is answered with the status %s', (outcome, status) => {
    const code = closeErrorOf[outcome];
    expect(code === undefined ? undefined : errorRow(code).status).toBe(status);
  });
});

describe('decideCancel', () => {
  it.each([
    ['no session', undefined, unknown],
    ['RECEIVING, nothing accepted', fresh, { do: 'discard', session: fresh }],
    ['RECEIVING', receiving, { do: 'discard', session: receiving }],
    ['STORED', stored, { do: 'discard', session: stored }],
    ['PUBLISHING', publishing, { do: 'await-publication', session: publishing }],
    ['COMPLETE', complete, { do: 'forget', session: complete }],
  ])('%s', (_, session, decision) => {
    expect(decideCancel(session)).toEqual(decision);
  });

  it.each(outcomes)('succeeds again after a session that was %s', (outcome) => {
    expect(decideCancel({ ...tombstone, outcome })).toEqual({ do: 'repeat' });
  });
});
