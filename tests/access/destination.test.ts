import { describe, expect, it } from 'vitest';
import {
  type Destination,
  DestinationError,
  findDestination,
  pathBelow,
  withBuckets,
} from '../../lib/access/destination.ts';
import { plainObjects } from '../support/functions-harness.ts';

const destination = (prefix: string, changes: Partial<Destination> = {}): Destination => ({
  prefix,
  bucket: null,
  keyTemplate: '{path}',
  maximumUploadBytes: 1000,
  fragmentLimitBytes: 5120,
  allowOverwrites: false,
  sessionsPerPrincipal: null,
  openBytesPerPrincipal: null,
  sessionTimeoutSeconds: 60,
  fileNames: { allowedNames: null, deniedNames: null },
  closeGraceSeconds: null,
  publishOn: 'close-session',
  enabled: true,
  access: ['none'],
  principalFrom: null,
  allow: null,
  objects: plainObjects,
  reply: null,
  ...changes,
});

describe('the destination of a path', () => {
  const destinations = ['/uploads/', '/uploads/a/', '/', '/uploads/a/b/', '/Été 1/'].map((prefix) =>
    destination(prefix, { enabled: prefix !== '/uploads/a/' }),
  );
  it.each([
    ['/uploads/x', '/uploads/', 'x'],
    ['/uploads/', '/uploads/', ''],
    ['/uploads/a', '/uploads/', 'a'],
    ['/uploads/a/x', '/uploads/a/', 'x'],
    ['/uploads/a/b/c/d', '/uploads/a/b/', 'c/d'],
    ['/uploads/ab/c', '/uploads/', 'ab/c'],
    ['/uploads', '/', 'uploads'],
    ['/Uploads/x', '/', 'Uploads/x'],
    ['/Été 1/x', '/Été 1/', 'x'],
  ])('%s is below %s', (path, prefix, below) => {
    for (const order of [destinations, destinations.toReversed()]) {
      const found = findDestination(order, path);
      expect(found?.prefix).toBe(prefix);
      expect(found && pathBelow(found, path)).toBe(below);
    }
  });

  it('is none where no prefix matches', () => {
    expect(findDestination([destination('/uploads/')], '/uploads')).toBeUndefined();
    expect(findDestination([destination('/uploads/')], '/other/x')).toBeUndefined();
    expect(findDestination([], '/uploads/x')).toBeUndefined();
  });
});

describe('buckets that are known where the stack runs', () => {
  it('replace only the ones that were left open, in frozen copies', () => {
    const source = [destination('/a/'), destination('/b/', { bucket: 'theirs' })];
    const resolved = withBuckets(source, 'ours', 'staging');
    expect(resolved.map(({ bucket }) => bucket)).toEqual(['ours', 'theirs']);
    expect([resolved, ...resolved].every(Object.isFrozen)).toBe(true);
    expect(source[0]?.bucket).toBeNull();
  });

  const codeOf = (action: () => unknown): unknown => {
    try {
      return action();
    } catch (error) {
      return error instanceof DestinationError ? error.code : error;
    }
  };
  it.each([
    ['no name for the own bucket', null, '', 'UPLOAD_BUCKET_MISSING'],
    ['the own bucket is the staging bucket', null, 'staging', 'STAGING_BUCKET_IS_DESTINATION'],
    ['a named bucket is the staging bucket', 'staging', 'ours', 'STAGING_BUCKET_IS_DESTINATION'],
  ])('%s: %s, %s → %s', (_, bucket, uploadBucket, code) => {
    expect(codeOf(() => withBuckets([destination('/a/', { bucket })], uploadBucket, 'staging'))).toBe(code);
  });

  it('need no name for the own bucket where every destination names its own', () => {
    expect(withBuckets([destination('/a/', { bucket: 'theirs' })], '')[0]?.bucket).toBe('theirs');
  });
});
