import {
  CopyObjectCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { behaviour, expectError } from './support/behaviour.ts';
import { bytesOf, md5Hex, patternedBytes } from './support/bytes.ts';
import { bigPart, leastPartBytes, otherBigPart, tail, Upload } from './support/multipart-upload.ts';
import { requestsOf } from './support/requests.ts';
import { type ServerUnderTest, startServer } from './support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
});
afterAll(() => s3.stop());

const { get, head, put } = requestsOf(() => s3);

describe('copy', () => {
  const copy = (Key: string, source: string, more: object = {}) =>
    s3.client.send(
      new CopyObjectCommand({
        Bucket: s3.bucket,
        Key,
        CopySource: `${s3.bucket}/${encodeURIComponent(source)}`,
        ...more,
      }),
    );

  behaviour('bytes, description and tags are copied', async () => {
    const body = patternedBytes(2_500_000, 3);
    const source = 'copy/from ü+%';
    await put(source, body, { ContentType: 'text/csv', Metadata: { a: 'b' }, Tagging: 'color=red' });
    const { CopyObjectResult } = await copy('copied', source);
    expect(CopyObjectResult?.ETag).toBe(`"${md5Hex(body)}"`);
    const answer = await get('copied');
    expect(answer).toMatchObject({ ContentType: 'text/csv', Metadata: { a: 'b' }, TagCount: 1 });
    expect((await bytesOf(answer)).equals(body)).toBe(true);
  });

  behaviour('description and tags can be replaced', async () => {
    await put('plain', 'x', { ContentType: 'text/csv', Metadata: { a: 'b' }, Tagging: 'color=red' });
    await copy('replaced', 'plain', {
      MetadataDirective: 'REPLACE',
      ContentType: 'text/html',
      Metadata: { c: 'd' },
      TaggingDirective: 'REPLACE',
      Tagging: 'size=big',
    });
    expect(await head('replaced')).toMatchObject({ ContentType: 'text/html', Metadata: { c: 'd' } });
    const { TagSet } = await s3.client.send(
      new GetObjectTaggingCommand({ Bucket: s3.bucket, Key: 'replaced' }),
    );
    expect(TagSet).toEqual([{ Key: 'size', Value: 'big' }]);
  });

  behaviour('an object copied onto itself must change something', async () => {
    await put('self', 'x');
    await expectError(copy('self', 'self'), 'InvalidRequest', 400);
    await copy('self', 'self', { MetadataDirective: 'REPLACE', Metadata: { new: 'yes' } });
    expect((await head('self')).Metadata).toEqual({ new: 'yes' });
  });

  behaviour('conditions on the source are kept', async () => {
    const { ETag } = await put('conditional', 'x');
    await expectError(copy('c', 'conditional', { CopySourceIfNoneMatch: ETag }), 'PreconditionFailed', 412);
    const other = '"00000000000000000000000000000000"';
    await expectError(copy('c', 'conditional', { CopySourceIfMatch: other }), 'PreconditionFailed', 412);
    await copy('c', 'conditional', { CopySourceIfMatch: ETag });
    await expectError(copy('c', 'not-there'), 'NoSuchKey', 404);
  });
});

describe('UploadPartCopy', () => {
  const source = Buffer.concat([bigPart, otherBigPart]);
  const copyPart = (upload: Upload, PartNumber: number, CopySourceRange?: string, from = 'source') =>
    s3.client.send(
      new UploadPartCopyCommand({
        ...upload.id,
        PartNumber,
        CopySource: `${s3.bucket}/${from}`,
        CopySourceRange,
      }),
    );
  beforeAll(() => s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'source', Body: source })));

  behaviour('takes a whole object or a range of it', async () => {
    const upload = await Upload.create(s3, 'from-copies');
    const one = await copyPart(upload, 1);
    const two = await copyPart(upload, 2, `bytes=100-${leastPartBytes + 99}`);
    expect(one.CopyPartResult?.ETag).toBe(`"${md5Hex(source)}"`);
    await upload.complete([
      { PartNumber: 1, ETag: one.CopyPartResult?.ETag },
      { PartNumber: 2, ETag: two.CopyPartResult?.ETag },
    ]);
    const body = await bytesOf(await get('from-copies'));
    expect(body.equals(Buffer.concat([source, source.subarray(100, leastPartBytes + 100)]))).toBe(true);
  });

  behaviour('refuses a range past the end, of another form, or of a small source', async () => {
    const upload = await Upload.create(s3, 'bad-copies');
    await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'small-source', Body: tail }));
    await expectError(copyPart(upload, 1, `bytes=0-${source.byteLength}`), 'InvalidArgument', 400);
    await expectError(copyPart(upload, 1, 'bytes=5-'), 'InvalidArgument', 400);
    await expectError(copyPart(upload, 1, 'bytes=0-9', 'small-source'), 'InvalidRequest', 400);
    await upload.abort();
  });
});
