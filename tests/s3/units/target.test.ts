import { describe, expect, it } from 'vitest';
import { parseCopySource, parseTarget } from '../../../infra/local/s3/target.ts';

const parse = (path: string, host = '127.0.0.1:9000') => {
  const { bucket, key, query } = parseTarget({ method: 'GET', path, headers: { host } }, 'eu-west-1');
  return [bucket, key, ...query.pairs];
};

describe('a request target', () => {
  it.each<[string, string | undefined, unknown[]]>([
    ['/', undefined, ['', '']],
    ['/bucket', undefined, ['bucket', '']],
    ['/bucket/', undefined, ['bucket', '']],
    ['/bucket/a/b', undefined, ['bucket', 'a/b']],
    ['/bucket//a', undefined, ['bucket', '/a']],
    ['/bucket/a/', undefined, ['bucket', 'a/']],
    ['/bucket/a/../b/./c', undefined, ['bucket', 'a/../b/./c']],
    ['/bucket/a%2Fb%20c+d%25', undefined, ['bucket', 'a/b c+d%']],
    ['/bucket/%C3%BC', undefined, ['bucket', 'ü']],
    ['/bucket?uploads', undefined, ['bucket', '', ['uploads', '']]],
    ['/bucket/k?a=1&a=2&b=x%3Dy=z&', undefined, ['bucket', 'k', ['a', '1'], ['a', '2'], ['b', 'x=y=z']]],
    ['/a/b', 'bucket.localhost:9000', ['bucket', 'a/b']],
    ['/', 'bucket.s3.eu-west-1.amazonaws.com', ['bucket', '']],
    ['/k', 'my.bucket.s3.amazonaws.com', ['my.bucket', 'k']],
    ['/bucket/k', 's3.eu-west-1.amazonaws.com', ['bucket', 'k']],
    ['/bucket/k', 'localhost:9000', ['bucket', 'k']],
  ])('%s at %s', (path, host, expected) => {
    expect(parse(path, host)).toEqual(expected);
  });

  it.each(['', 'bucket', '*', 'http://host/bucket', '/bucket/%', '/bucket/%zz', '/bucket/%FF', '/b/k?a=%FF'])(
    '%j is InvalidURI',
    (path) => {
      expect(() => parse(path)).toThrow(expect.objectContaining({ code: 'InvalidURI' }));
    },
  );
});

describe('a copy source', () => {
  it.each([
    ['bucket/key', 'bucket', 'key'],
    ['/bucket/key', 'bucket', 'key'],
    ['bucket/a%2Fb%20c', 'bucket', 'a/b c'],
    ['bucket//key', 'bucket', '/key'],
  ])('%s', (header, bucket, key) => {
    expect(parseCopySource(header)).toEqual({ bucket, key });
  });

  it.each(['', 'bucket', 'bucket/', '//key'])('%j is refused', (header) => {
    expect(() => parseCopySource(header)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  });
});
