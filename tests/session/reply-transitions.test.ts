import { describe, expect, it } from 'vitest';
import {
  complete as completeSession,
  copying,
  notified,
  notifying,
  stampPublishing,
  store,
} from '../../lib/session/transitions.ts';
import {
  answered,
  endsAtSeconds,
  moment,
  notifiable,
  nowMs,
  nowSeconds,
  timeoutSeconds,
  timers,
  token,
} from './moment.ts';
import { entity, receiving } from './sessions.ts';

describe('a session with a reply application', () => {
  const held = store({ ...receiving, place: 'holding' }, entity, false, timeoutSeconds, moment, token);

  it('has no grace for its CLOSE while the application has not been asked: it waits for its end', () => {
    const endsAt = nowSeconds + timeoutSeconds;
    expect(held.notification).toEqual({ is: 'due', token, endsAtSeconds: endsAt });
    expect(held.dueAtSeconds).toBe(endsAt);
  });

  it('is asked about under a lease, and is not due before that is over', () => {
    const leaseUntilMs = nowMs + 30_000;
    const sent = notifying(notifiable, leaseUntilMs, moment);
    expect(sent.notification).toEqual({ is: 'sent', token, endsAtSeconds, leaseUntilMs });
    expect(sent.dueAtSeconds).toBe(endsAtSeconds);
    const late = { ...notifiable, notification: { ...notifiable.notification, endsAtSeconds: nowSeconds } };
    expect(notifying(late, leaseUntilMs, moment).dueAtSeconds).toBe(Math.ceil(leaseUntilMs / 1000) + 60);
  });

  it.each([
    ['publish it', { ...answered }, nowSeconds + timers.closeGraceSeconds],
    ['keep it', { ...answered, publish: false }, endsAtSeconds],
    ['fail for good', { is: 'failed', status: 403, hresult: 1 } as const, endsAtSeconds],
  ])(
    'answered to %s: kept until its end, with a grace only for what is to be published',
    (_, result, due) => {
      const session = notified(notifiable, result, moment);
      expect(session.notification).toEqual({ ...result, endsAtSeconds });
      expect(session.dueAtSeconds).toBe(due);
      expect(session.entity).toEqual(notifiable.entity);
    },
  );

  it('that is to be asked again is offered the same place for the reply', () => {
    const session = notified(notifiable, { is: 'again' }, moment);
    expect(session.notification).toEqual(notifiable.notification);
  });

  it('is copied to another upload, in its own place', () => {
    const copied = { ...entity, uploadId: 'upload-2', partBytes: 200, partCount: 1 };
    const session = copying(notifiable, copied, moment);
    expect(session).toMatchObject({ place: 'from-holding', entity: copied, state: 'stored' });
    expect(session.notification).toEqual(notifiable.notification);
  });

  it('keeps its reply when it is published, until the end', () => {
    const notification = { ...answered, endsAtSeconds };
    const stamped = stampPublishing({ ...notifiable, notification }, nowMs, moment);
    const session = completeSession(stamped, true, moment);
    expect(session.notification).toEqual(notification);
    expect(session.cleanUp).toEqual({ pending: true, dueAtSeconds: endsAtSeconds });
  });
});
