import { createHash } from 'node:crypto';
import { CopyObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { behaviour } from './support/behaviour.ts';
import { bytesOf } from './support/bytes.ts';
import { algorithms, digits, field, header, known, wrong } from './support/checksums.ts';
import { checksumsOf } from './support/requests.ts';
import { type ServerUnderTest, startServer } from './support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
});
afterAll(() => s3.stop());

const { head, isAbsent } = checksumsOf(() => s3);

describe('of a single write', () => {
  for (const algorithm of algorithms) {
    behaviour(`${algorithm} that the SDK computes is verified, kept and returned`, async () => {
      const Key = `sdk-${algorithm}`;
      const answer = await s3.client.send(
        new PutObjectCommand({ Bucket: s3.bucket, Key, Body: digits, ChecksumAlgorithm: algorithm }),
      );
      expect(answer).toMatchObject({ [field(algorithm)]: known[algorithm], ChecksumType: 'FULL_OBJECT' });
      expect(await head(Key)).toMatchObject({ [field(algorithm)]: known[algorithm] });
      const got = await s3.client.send(
        new GetObjectCommand({ Bucket: s3.bucket, Key, ChecksumMode: 'ENABLED' }),
      );
      expect(got).toMatchObject({ [field(algorithm)]: known[algorithm] });
      expect(await bytesOf(got)).toEqual(digits);
    });

    behaviour(`a wrong ${algorithm} in a header is BadDigest and stores nothing`, async () => {
      const key = `wrong-${algorithm}`;
      const headers = { [header(algorithm)]: wrong[algorithm] };
      const answer = await s3.send({ method: 'PUT', key, headers, body: digits });
      expect([answer.status, answer.code]).toEqual([400, 'BadDigest']);
      await isAbsent(key);
    });

    for (const [title, sum, status, code] of [
      ['a right', known[algorithm], 200, ''],
      ['a wrong', wrong[algorithm], 400, 'BadDigest'],
    ] as const) {
      behaviour(`${title} ${algorithm} in a trailer: ${status}`, async () => {
        const key = `trailer-${status}-${algorithm}`;
        const answer = await s3.send({
          method: 'PUT',
          key,
          headers: {
            'content-encoding': 'aws-chunked',
            'x-amz-decoded-content-length': '9',
            'x-amz-trailer': header(algorithm),
          },
          body: Buffer.from(`5\r\n12345\r\n4\r\n6789\r\n0\r\n${header(algorithm)}:${sum}\r\n\r\n`),
          payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        });
        expect([answer.status, answer.code]).toEqual([status, code]);
        if (status === 200) expect(await head(key)).toMatchObject({ [field(algorithm)]: known[algorithm] });
        else await isAbsent(key);
      });
    }
  }

  const md5 = createHash('md5').update(digits).digest('base64');
  const table: readonly (readonly [string, Record<string, string>, number, string])[] = [
    ['a right Content-MD5', { 'content-md5': md5 }, 200, ''],
    ['a wrong Content-MD5', { 'content-md5': createHash('md5').digest('base64') }, 400, 'BadDigest'],
    ['a Content-MD5 that is none', { 'content-md5': 'AAAA' }, 400, 'InvalidDigest'],
    ['a checksum of another length', { [header('CRC32')]: 'AAAA' }, 400, 'InvalidRequest'],
    [
      'two checksums',
      { [header('CRC32')]: known.CRC32, [header('SHA1')]: known.SHA1 },
      400,
      'InvalidRequest',
    ],
    [
      'another algorithm than announced',
      { [header('CRC32')]: known.CRC32, 'x-amz-sdk-checksum-algorithm': 'SHA1' },
      400,
      'InvalidRequest',
    ],
    [
      'an algorithm announced without a sum',
      { 'x-amz-sdk-checksum-algorithm': 'CRC32' },
      400,
      'InvalidRequest',
    ],
  ];
  for (const [title, headers, status, code] of table) {
    behaviour(`${title}: ${status} ${code}`, async () => {
      const answer = await s3.send({ method: 'PUT', key: `md5 ${title}`, headers, body: digits });
      expect([answer.status, answer.code]).toEqual([status, code]);
      if (status !== 200) await isAbsent(`md5 ${title}`);
    });
  }

  behaviour('no checksum comes with a range, and the SDK accepts the bytes', async () => {
    await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'ranged', Body: digits }));
    const answer = await s3.client.send(
      new GetObjectCommand({ Bucket: s3.bucket, Key: 'ranged', Range: 'bytes=2-4', ChecksumMode: 'ENABLED' }),
    );
    expect(answer.ChecksumCRC32).toBeUndefined();
    expect((await bytesOf(answer)).toString()).toBe('345');
  });

  behaviour('a copy keeps the algorithm of its source, or takes the one it is told', async () => {
    const CopySource = `${s3.bucket}/copy-source`;
    await s3.client.send(
      new PutObjectCommand({
        Bucket: s3.bucket,
        Key: 'copy-source',
        Body: digits,
        ChecksumAlgorithm: 'CRC32C',
      }),
    );
    await s3.client.send(new CopyObjectCommand({ Bucket: s3.bucket, Key: 'copy', CopySource }));
    expect(await head('copy')).toMatchObject({ ChecksumCRC32C: known.CRC32C });
    await s3.client.send(
      new CopyObjectCommand({ Bucket: s3.bucket, Key: 'copy', CopySource, ChecksumAlgorithm: 'SHA256' }),
    );
    expect(await head('copy')).toMatchObject({ ChecksumSHA256: known.SHA256 });
  });
});
