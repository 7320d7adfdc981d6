import { describe, expect, it } from 'vitest';
import { composeSweep } from '../../lib/composition/sweep-services.ts';
import { timersOf } from '../../lib/composition/timers.ts';
import { defaultTimers } from '../../lib/session/timers.ts';
import { testDestination } from '../support/functions-harness.ts';

const environment = {
  SESSION_TABLE: 'sessions',
  STAGING_BUCKET: 'staging',
  UPLOAD_BUCKET: 'uploads',
  AWS_REGION: 'eu-west-1',
};
const destinations = [{ ...testDestination, bucket: 'shared-with-others' }];

describe('what the sweep is made of', () => {
  it('looks for orphans where nobody else writes: never in a bucket that a destination only names', () => {
    expect(composeSweep({ environment, destinations }).buckets).toEqual(['uploads', 'staging']);
  });

  it('counts only where somebody collects', () => {
    expect(composeSweep({ environment, destinations }).metric).toBeUndefined();
    const collected = { ...environment, METRICS_NAMESPACE: 'bits-s3/prod' };
    expect(composeSweep({ environment: collected, destinations }).metric).toBeTypeOf('function');
  });

  it.each(Object.keys(environment).filter((name) => name !== 'AWS_REGION'))('needs %s', (name) => {
    const rest = { ...environment, [name]: '' };
    expect(() => composeSweep({ environment: rest, destinations })).toThrow(name);
  });
});

describe('the lives of sessions', () => {
  it('are the defaults where nothing is said', () => {
    expect(timersOf({})).toEqual(defaultTimers);
    expect(timersOf({ CLOSE_GRACE_SECONDS: '', SESSION_LIFETIME_SECONDS: '' })).toEqual(defaultTimers);
  });

  it('are what the environment says, to both ends of the range', () => {
    expect(timersOf({ CLOSE_GRACE_SECONDS: '1', SESSION_LIFETIME_SECONDS: '7776000' })).toEqual({
      ...defaultTimers,
      closeGraceSeconds: 1,
      lifetimeSeconds: 7_776_000,
    });
  });

  it.each(['0', '7776001', '-5', '1e3', ' 60', '1h', '99999999999'])('%j stops, and is named', (text) => {
    for (const name of ['CLOSE_GRACE_SECONDS', 'SESSION_LIFETIME_SECONDS']) {
      expect(() => timersOf({ [name]: text })).toThrow(
        expect.objectContaining({
          code: 'BAD_VARIABLE',
          message: expect.stringContaining(`${name}=${text} `),
        }),
      );
    }
  });
});
