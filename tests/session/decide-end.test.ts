import { describe, expect, it } from 'vitest';
import { errorRow } from '../../lib/protocol/errors.ts';
import { type CloseDecision, closeErrorOf, decideCancel, decideClose } from '../../lib/session/decide-end.ts';
import type { Notification } from '../../lib/session/session.ts';
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
    expect(decideClose(session, 0, false)).toEqual(decision);
  });

  const endsAtSeconds = 900;
  const notifications: readonly (readonly [string, Notification, 'with' | 'without', CloseDecision['do']])[] =
    [
      ['not asked yet', { is: 'due', token: 'a1', endsAtSeconds }, 'with', 'refuse'],
      [
        'being asked',
        { is: 'sent', token: 'a1', endsAtSeconds, leaseUntilMs: 2 },
        'with',
        'await-notification',
      ],
      [
        'asked by one that died',
        { is: 'sent', token: 'a1', endsAtSeconds, leaseUntilMs: 1 },
        'with',
        'refuse',
      ],
      ['failed for good', { is: 'failed', status: 404, hresult: 1, endsAtSeconds }, 'with', 'repeat-failure'],
      ['refused', { is: 'failed', status: 403, hresult: 1, endsAtSeconds }, 'with', 'end'],
      ['kept', { is: 'answered', reply: { url: 'u' }, publish: false, endsAtSeconds }, 'with', 'end'],
      ['wanted', { is: 'answered', reply: { url: 'u' }, publish: true, endsAtSeconds }, 'with', 'publish'],
      ['not asked yet', { is: 'due', token: 'a1', endsAtSeconds }, 'without', 'publish'],
      ['refused', { is: 'failed', status: 403, hresult: 1, endsAtSeconds }, 'without', 'end'],
      [
        'failed for good',
        { is: 'failed', status: 404, hresult: 1, endsAtSeconds },
        'without',
        'repeat-failure',
      ],
    ];
  it.each(notifications)(
    'STORED, %s (%j), %s an application: %s',
    (_, notification, application, decision) => {
      const session = { ...stored, notification };
      expect(decideClose(session, 1, application === 'with').do).toBe(decision);
    },
  );

  it.each(outcomes)('a tombstone repeats that it was %s', (outcome) => {
    expect(decideClose({ ...tombstone, outcome }, 0, false)).toEqual({ do: 'repeat', outcome });
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
