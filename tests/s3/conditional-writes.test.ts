import {
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { behaviour, expectError } from './support/behaviour.ts';
import { bytesOf } from './support/bytes.ts';
import { type ServerUnderTest, startServer } from './support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
});
afterAll(() => s3.stop());

const otherETag = '"00000000000000000000000000000000"';
const put = (Key: string, Body: string, more: object = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key, Body, ...more }));
const read = async (Key: string) =>
  (await bytesOf(await s3.client.send(new GetObjectCommand({ Bucket: s3.bucket, Key })))).toString();

async function uploadOf(Key: string, body: string) {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: s3.bucket, Key }));
  const id = { Bucket: s3.bucket, Key, UploadId };
  const { ETag } = await s3.client.send(
    new UploadPartCommand({ ...id, PartNumber: 1, Body: Buffer.from(body) }),
  );
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  return {
    complete: (more: Partial<CompleteMultipartUploadCommandInput>) =>
      s3.client.send(new CompleteMultipartUploadCommand({ ...id, MultipartUpload, ...more })),
    parts: async () => (await s3.client.send(new ListPartsCommand(id))).Parts,
  };
}

describe('PutObject', () => {
  behaviour('If-None-Match: * writes a new key and leaves an old one alone', async () => {
    await put('new', 'first', { IfNoneMatch: '*' });
    await expectError(put('new', 'second', { IfNoneMatch: '*' }), 'PreconditionFailed', 412);
    expect(await read('new')).toBe('first');
  });

  behaviour('If-Match replaces what it names and nothing else', async () => {
    const { ETag } = await put('match', 'first');
    await expectError(put('match', 'second', { IfMatch: otherETag }), 'PreconditionFailed', 412);
    expect(await read('match')).toBe('first');
    await put('match', 'second', { IfMatch: ETag });
    expect(await read('match')).toBe('second');
    await expectError(put('match', 'third', { IfMatch: ETag }), 'PreconditionFailed', 412);
  });

  behaviour('If-Match on an absent key is 404', async () => {
    await expectError(put('absent', 'x', { IfMatch: otherETag }), 'NoSuchKey', 404);
  });

  behaviour('If-None-Match with an ETag is not implemented', async () => {
    await expectError(put('etag', 'x', { IfNoneMatch: otherETag }), 'NotImplemented', 501);
  });

  behaviour('of twenty racing writers one wins, and its bytes are the ones that stay', async () => {
    const bodies = Array.from({ length: 20 }, (_, index) => `writer ${index} ${'x'.repeat(index * 5000)}`);
    const outcomes = await Promise.allSettled(bodies.map((body) => put('race', body, { IfNoneMatch: '*' })));
    const winners = bodies.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect(await read('race')).toBe(winners[0]);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect([409, 412]).toContain(outcome.reason.$metadata.httpStatusCode);
    }
  });

  behaviour('of twenty racing replacements of one version one wins', async () => {
    const { ETag } = await put('replace-race', 'base');
    const bodies = Array.from({ length: 20 }, (_, index) => `replacement ${index}`);
    const outcomes = await Promise.allSettled(
      bodies.map((body) => put('replace-race', body, { IfMatch: ETag })),
    );
    const winners = bodies.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect(await read('replace-race')).toBe(winners[0]);
  });
});

describe('CompleteMultipartUpload', () => {
  behaviour(
    'If-None-Match: * refuses a taken key, keeps the upload, and completes once it is free',
    async () => {
      await put('taken', 'other');
      const upload = await uploadOf('taken', 'mine');
      await expectError(upload.complete({ IfNoneMatch: '*' }), 'PreconditionFailed', 412);
      expect(await read('taken')).toBe('other');
      expect(await upload.parts()).toHaveLength(1);
      await upload.complete({});
      expect(await read('taken')).toBe('mine');
    },
  );

  behaviour('If-None-Match: * writes a free key', async () => {
    const upload = await uploadOf('free', 'mine');
    await upload.complete({ IfNoneMatch: '*' });
    expect(await read('free')).toBe('mine');
  });

  behaviour('Complete with If-Match replaces what it names and nothing else', async () => {
    const { ETag } = await put('matched', 'base');
    const upload = await uploadOf('matched', 'mine');
    await expectError(upload.complete({ IfMatch: otherETag }), 'PreconditionFailed', 412);
    await upload.complete({ IfMatch: ETag });
    expect(await read('matched')).toBe('mine');
  });

  behaviour('of twenty racing uploads one wins', async () => {
    const uploads = await Promise.all(
      Array.from({ length: 20 }, (_, index) => uploadOf('upload-race', `upload ${index}`)),
    );
    const outcomes = await Promise.allSettled(uploads.map((upload) => upload.complete({ IfNoneMatch: '*' })));
    const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
    expect(winners).toHaveLength(1);
    expect(await read('upload-race')).toBe(`upload ${winners[0]}`);
  });
});
