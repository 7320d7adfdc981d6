import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EmbeddedS3Options } from '../../../infra/local/s3/index.ts';
import { ClosedError } from '../../../infra/local/s3/index.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { expectError } from '../support/behaviour.ts';
import { bytesOf, patternedBytes } from '../support/bytes.ts';
import { bucket as Bucket, inProcessClient, openInProcess } from '../support/in-process.ts';

async function open(options: Partial<EmbeddedS3Options> = {}) {
  const s3 = await openInProcess(await tempFolder(), options);
  const client = inProcessClient(s3);
  onTestFinished(() => s3.close());
  return { s3, client };
}

describe('without a socket', () => {
  it('an SDK client puts, lists and gets', async () => {
    const { client } = await open();
    const body = patternedBytes(2_000_000, 1);
    await client.send(new PutObjectCommand({ Bucket, Key: 'ü/key', Body: body }));
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'ü/' }));
    expect(Contents).toMatchObject([{ Key: 'ü/key', Size: 2_000_000 }]);
    const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'ü/key' }));
    expect((await bytesOf(answer)).equals(body)).toBe(true);
  });

  it('parts may be as small as the option says', async () => {
    const { client } = await open({ minPartBytes: 10 });
    const id = { Bucket, Key: 'small-parts' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(id));
    const part = async (PartNumber: number, size: number) => {
      const Body = patternedBytes(size, PartNumber);
      const { ETag } = await client.send(new UploadPartCommand({ ...id, UploadId, PartNumber, Body }));
      return { PartNumber, ETag };
    };
    const complete = (Parts: { PartNumber: number; ETag: string | undefined }[]) =>
      client.send(new CompleteMultipartUploadCommand({ ...id, UploadId, MultipartUpload: { Parts } }));
    const last = await part(2, 3);
    await expectError(complete([await part(1, 9), last]), 'EntityTooSmall', 400);
    await complete([await part(1, 10), last]);
    const body = await bytesOf(await client.send(new GetObjectCommand(id)));
    expect(body).toEqual(Buffer.concat([patternedBytes(10, 1), patternedBytes(3, 2)]));
  });

  it('the clock is the one that was given', async () => {
    const { client } = await open({
      now: () => Date.parse('2031-02-03T04:05:06Z'),
      maxClockSkewMs: Infinity,
    });
    await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    const { LastModified } = await client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
    expect(LastModified?.toISOString()).toBe('2031-02-03T04:05:06.000Z');
  });

  it('an object of several parts is as old as its upload, as in S3', async () => {
    let nowMs = Date.parse('2031-02-03T04:05:06Z');
    const { client } = await open({ now: () => nowMs, maxClockSkewMs: Infinity });
    const id = { Bucket, Key: 'k' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(id));
    nowMs += 10 * 86_400_000;
    const { ETag } = await client.send(new UploadPartCommand({ ...id, UploadId, PartNumber: 1, Body: 'x' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ ...id, UploadId, MultipartUpload }));
    const { LastModified } = await client.send(new GetObjectCommand(id));
    expect(LastModified?.toISOString()).toBe('2031-02-03T04:05:06.000Z');
  });

  it('a body that breaks off rejects, and leaves nothing', async () => {
    const { s3, client } = await open();
    async function* broken() {
      yield Buffer.alloc(1_500_000);
      throw new Error('the client went away');
    }
    let sent: Parameters<typeof s3.handle>[0] | undefined;
    const spy = inProcessClient({
      ...s3,
      handle: (request) => {
        sent = request;
        return s3.handle({ ...request, body: broken() });
      },
    });
    const outcome = spy.send(new PutObjectCommand({ Bucket, Key: 'k', Body: Buffer.alloc(3_000_000) }));
    await expect(outcome).rejects.toMatchObject({ name: 'ConnectionLostError', code: 'ECONNRESET' });
    expect(sent?.method).toBe('PUT');
    const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(KeyCount).toBe(0);
  });

  it('a download is not disturbed by what happens to the object meanwhile', async () => {
    const { client } = await open();
    const parts = [patternedBytes(1_500_000, 1), patternedBytes(1_500_000, 2), patternedBytes(700_000, 3)];
    const id = { Bucket, Key: 'disturbed' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(id));
    const uploaded = await Promise.all(
      parts.map(async (Body, index) => {
        const PartNumber = index + 1;
        const { ETag } = await client.send(new UploadPartCommand({ ...id, UploadId, PartNumber, Body }));
        return { PartNumber, ETag };
      }),
    );
    await client.send(
      new CompleteMultipartUploadCommand({ ...id, UploadId, MultipartUpload: { Parts: uploaded } }),
    );
    const whole = { Bucket, Key: 'disturbed-whole' };
    await client.send(new PutObjectCommand({ ...whole, Body: Buffer.concat(parts) }));
    const downloads = [
      await client.send(new GetObjectCommand(id)),
      await client.send(new GetObjectCommand(whole)),
    ];
    for (const { Key } of [id, whole]) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(3_000_000) }));
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
      await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(3_000_000) }));
    }
    for (const download of downloads) {
      expect((await bytesOf(download)).equals(Buffer.concat(parts))).toBe(true);
    }
  });

  it('bodies that are not kept are verified and counted all the same', async () => {
    const { s3, client } = await open({ keepsBodies: false });
    const put = { Bucket, Key: 'k', Body: Buffer.from('forgotten') };
    await client.send(new PutObjectCommand(put));
    await expect(
      client.send(new PutObjectCommand({ ...put, ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' })),
    ).rejects.toMatchObject({ name: 'BadDigest' });
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents).toMatchObject([{ Key: 'k', Size: 9 }]);
    expect(s3.stats().PutObject).toMatchObject({ requests: 2, bytesWritten: 9 });
  });

  it('after close it takes no more requests', async () => {
    const { s3, client } = await open();
    await s3.close();
    await expect(client.send(new ListObjectsV2Command({ Bucket }))).rejects.toBeInstanceOf(ClosedError);
  });
});

describe('the counters', () => {
  it('count requests, failures and bytes by operation', async () => {
    const { s3, client } = await open();
    for (const size of [10, 2_000_000]) {
      await client.send(new PutObjectCommand({ Bucket, Key: `k${size}`, Body: Buffer.alloc(size) }));
    }
    await client
      .send(new PutObjectCommand({ Bucket, Key: 'k10', Body: 'x', IfNoneMatch: '*' }))
      .catch(() => null);
    await bytesOf(await client.send(new GetObjectCommand({ Bucket, Key: 'k2000000', Range: 'bytes=0-99' })));
    await client.send(new GetObjectCommand({ Bucket, Key: 'absent' })).catch(() => null);
    const stats = s3.stats();
    expect(stats.PutObject).toEqual({ requests: 3, failures: 1, bytesWritten: 2_000_010, bytesRead: 0 });
    expect(stats.GetObject).toEqual({ requests: 2, failures: 1, bytesWritten: 0, bytesRead: 100 });
    expect(stats.UploadPart).toEqual({ requests: 0, failures: 0, bytesWritten: 0, bytesRead: 0 });
    s3.resetStats();
    expect(s3.stats().PutObject).toEqual({ requests: 0, failures: 0, bytesWritten: 0, bytesRead: 0 });
  });

  it('do not count a request whose signature is wrong', async () => {
    const { s3 } = await open();
    const wrong = inProcessClient(s3, {
      credentials: { accessKeyId: 'in-process', secretAccessKey: 'wrong' },
    });
    await expectError(wrong.send(new ListObjectsV2Command({ Bucket })), 'SignatureDoesNotMatch', 403);
    expect(s3.stats().ListObjectsV2.requests).toBe(0);
  });
});
