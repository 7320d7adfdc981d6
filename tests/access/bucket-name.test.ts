import { describe, expect, it } from 'vitest';
import { bucketNameFault } from '../../infra/config/bucket-name.ts';

describe('the name of a bucket', () => {
  it.each(['abc', '1-2', 'a.b.c', 'my-bucket', 'a'.repeat(63), '1.2.3.4.5', '999.x.1.1', 'x-s3', 'mrap'])(
    '%s can be one',
    (name) => {
      expect(bucketNameFault(name)).toBeUndefined();
    },
  );

  it.each([
    ['ab', '3 to 63'],
    ['a'.repeat(64), '3 to 63'],
    ['My-bucket', 'lower-case'],
    ['my_bucket', 'lower-case'],
    ['my bucket', 'lower-case'],
    ['bücket', 'lower-case'],
    ['arn:aws:s3:::my-bucket', 'lower-case'],
    ['bucket/folder', 'lower-case'],
    ['-bucket', 'starts and ends'],
    ['bucket-', 'starts and ends'],
    ['.bucket', 'starts and ends'],
    ['bucket.', 'starts and ends'],
    ['a..b', 'two dots'],
    ['192.168.5.4', 'IP address'],
    ['xn--bucket', 'xn--'],
    ['sthree-bucket', 'sthree-'],
    ['amzn-s3-demo-bucket', 'amzn-s3-demo-'],
    ['bucket-s3alias', '-s3alias'],
    ['bucket--ol-s3', '--ol-s3'],
    ['bucket.mrap', '.mrap'],
    ['bucket--use1-az4--x-s3', '--x-s3'],
    ['bucket--table-s3', '--table-s3'],
    ['bucket\n', 'lower-case'],
  ])('%j cannot: %s', (name, reason) => {
    expect(bucketNameFault(name)).toContain(reason);
  });
});
