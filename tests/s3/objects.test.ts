import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { behaviour, expectError } from './support/behaviour.ts';
import { bytesOf, md5Hex, patternedBytes } from './support/bytes.ts';
import { requestsOf } from './support/requests.ts';
import { type ServerUnderTest, startServer } from './support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
});
afterAll(() => s3.stop());

const { get, head, put } = requestsOf(() => s3);

describe('put and get', () => {
  for (const sizeBytes of [0, 1, 1000, 65_536, 1_000_000, 3_000_001, 9_437_185]) {
    behaviour(`${sizeBytes} bytes come back as they went, with their MD5 as the ETag`, async () => {
      const body = patternedBytes(sizeBytes, sizeBytes);
      const { ETag } = await put('sized', body);
      expect(ETag).toBe(`"${md5Hex(body)}"`);
      const answer = await get('sized');
      expect(answer.ContentLength).toBe(sizeBytes);
      expect(answer.ETag).toBe(ETag);
      expect((await bytesOf(answer)).equals(body)).toBe(true);
    });
  }

  behaviour('the last of several writes holds', async () => {
    for (const body of ['first, longer', 'second', '']) {
      await put('again', body);
      expect((await bytesOf(await get('again'))).toString()).toBe(body);
    }
  });

  behaviour('an absent key is NoSuchKey, an absent bucket NoSuchBucket', async () => {
    await expectError(get('absent'), 'NoSuchKey', 404);
    await expectError(head('absent'), 'NotFound', 404);
    const Bucket = `${s3.bucket}-absent`;
    await expectError(s3.client.send(new GetObjectCommand({ Bucket, Key: 'k' })), 'NoSuchBucket', 404);
    await expectError(
      s3.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' })),
      'NoSuchBucket',
      404,
    );
  });

  behaviour('Last-Modified is the time of the write', async () => {
    await put('dated', 'x');
    const { LastModified } = await head('dated');
    expect(Math.abs((LastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  behaviour('a body longer or shorter than announced leaves nothing', async () => {
    const body = Buffer.from('twelve bytes');
    const answer = await s3.send({
      method: 'PUT',
      key: 'announced',
      headers: { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '13' },
      body: Buffer.from(`c\r\n${body.toString()}\r\n0\r\n\r\n`),
      payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    });
    expect(answer.status).toBe(400);
    await expectError(head('announced'), 'NotFound', 404);
  });
});

describe('what an object says about itself', () => {
  behaviour('content headers and metadata come back with GET and HEAD', async () => {
    const said = {
      ContentType: 'text/plain; charset=utf-8',
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment; filename="a b.txt"',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de',
      Metadata: { 'bits-session-id': '{7df0354d}', note: 'two  spaces, and a comma' },
    };
    await put('described', 'x', said);
    expect(await get('described')).toMatchObject(said);
    expect(await head('described')).toMatchObject({ ...said, ContentLength: 1 });
    await put('described', 'x');
    expect((await head('described')).Metadata).toEqual({});
  });

  behaviour('without a content type it is binary/octet-stream', async () => {
    const answer = await s3.send({ method: 'PUT', key: 'untyped', body: Buffer.from('x') });
    expect(answer.status).toBe(200);
    expect((await head('untyped')).ContentType).toBe('binary/octet-stream');
  });

  behaviour('aws-chunked is no content encoding of the object', async () => {
    const answer = await s3.send({
      method: 'PUT',
      key: 'chunked',
      headers: { 'content-encoding': 'gzip,aws-chunked', 'x-amz-decoded-content-length': '1' },
      body: Buffer.from('1\r\nx\r\n0\r\n\r\n'),
      payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    });
    expect(answer.status).toBe(200);
    expect((await head('chunked')).ContentEncoding).toBe('gzip');
  });

  behaviour('more than 2 KB of metadata is MetadataTooLarge', async () => {
    await put('metadata', 'x', { Metadata: { a: 'v'.repeat(2047) } });
    await expectError(put('metadata', 'x', { Metadata: { a: 'v'.repeat(2048) } }), 'MetadataTooLarge', 400);
  });

  behaviour('a GET can override content headers', async () => {
    await put('overridden', 'x', { ContentType: 'text/plain' });
    const answer = await get('overridden', {
      ResponseContentType: 'application/json',
      ResponseContentDisposition: 'inline',
    });
    expect(answer).toMatchObject({ ContentType: 'application/json', ContentDisposition: 'inline' });
  });

  behaviour('the storage class is kept, the ordinary one not named', async () => {
    await put('stored', 'x', { StorageClass: 'STANDARD_IA' });
    expect((await head('stored')).StorageClass).toBe('STANDARD_IA');
    await put('stored', 'x');
    expect((await head('stored')).StorageClass).toBeUndefined();
    await expectError(put('stored', 'x', { StorageClass: 'IMAGINARY' }), 'InvalidStorageClass', 400);
  });

  behaviour('server-side encryption is repeated', async () => {
    expect((await put('encrypted', 'x')).ServerSideEncryption).toBe('AES256');
    const kms = {
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      BucketKeyEnabled: true,
    };
    expect(await put('encrypted', 'x', kms)).toMatchObject(kms);
    expect(await head('encrypted')).toMatchObject(kms);
    expect(await get('encrypted')).toMatchObject(kms);
  });

  behaviour('under KMS equal bytes have different ETags', async () => {
    const first = await put('kms', 'equal', { ServerSideEncryption: 'aws:kms' });
    const second = await put('kms', 'equal', { ServerSideEncryption: 'aws:kms' });
    expect(first.ETag).not.toBe(second.ETag);
    expect(first.ETag).not.toBe(`"${md5Hex(Buffer.from('equal'))}"`);
  });
});

describe('delete', () => {
  behaviour('an object is gone, and deleting it again succeeds', async () => {
    await put('doomed', 'x');
    for (let time = 0; time < 2; time++) {
      const answer = await s3.client.send(new DeleteObjectCommand({ Bucket: s3.bucket, Key: 'doomed' }));
      expect(answer.$metadata.httpStatusCode).toBe(204);
    }
    await expectError(get('doomed'), 'NoSuchKey', 404);
  });

  behaviour('If-Match deletes only what it names', async () => {
    const { ETag } = await put('guarded', 'x');
    const remove = (IfMatch: string | undefined) =>
      s3.client.send(new DeleteObjectCommand({ Bucket: s3.bucket, Key: 'guarded', IfMatch }));
    await expectError(remove('"00000000000000000000000000000000"'), 'PreconditionFailed', 412);
    await head('guarded');
    await remove(ETag);
    await expectError(head('guarded'), 'NotFound', 404);
  });

  const removeAll = (keys: readonly string[], Quiet: boolean) =>
    s3.client.send(
      new DeleteObjectsCommand({
        Bucket: s3.bucket,
        Delete: { Objects: keys.map((Key) => ({ Key })), Quiet },
      }),
    );

  behaviour('DeleteObjects takes many keys, absent ones too, and names them', async () => {
    const keys = ['many/1', 'many/2 & <3>', 'many/"ü"\'', 'many/absent'];
    for (const key of keys.slice(0, 3)) await put(key, 'x');
    const { Deleted, Errors } = await removeAll(keys, false);
    expect(Deleted?.map(({ Key }) => Key).sort()).toEqual([...keys].sort());
    expect(Errors ?? []).toEqual([]);
    for (const key of keys) await expectError(head(key), 'NotFound', 404);
  });

  behaviour('DeleteObjects is silent when asked', async () => {
    await put('quiet', 'x');
    expect((await removeAll(['quiet', 'absent'], true)).Deleted ?? []).toEqual([]);
    await expectError(head('quiet'), 'NotFound', 404);
  });

  behaviour('DeleteObjects refuses 1,001 keys and keeps what is there', async () => {
    await put('kept', 'x');
    const keys = ['kept', ...Array.from({ length: 1000 }, (_, index) => `absent/${index}`)];
    await expectError(removeAll(keys, true), 'MalformedXML', 400);
    await head('kept');
  });
});

describe('tags', () => {
  const tagsOf = async (Key: string) =>
    (await s3.client.send(new GetObjectTaggingCommand({ Bucket: s3.bucket, Key }))).TagSet;
  const setTags = (Key: string, TagSet: { Key: string; Value: string }[]) =>
    s3.client.send(new PutObjectTaggingCommand({ Bucket: s3.bucket, Key, Tagging: { TagSet } }));

  behaviour('tags of a write, replaced, removed', async () => {
    await put('tagged', 'x', { Tagging: 'a=1&b=two%20words' });
    expect(await tagsOf('tagged')).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: 'two words' },
    ]);
    await setTags('tagged', [{ Key: 'c <&>', Value: '"3"' }]);
    expect(await tagsOf('tagged')).toEqual([{ Key: 'c <&>', Value: '"3"' }]);
    expect((await head('tagged')).TagCount).toBe(1);
    await s3.client.send(new DeleteObjectTaggingCommand({ Bucket: s3.bucket, Key: 'tagged' }));
    expect(await tagsOf('tagged')).toEqual([]);
    expect((await bytesOf(await get('tagged'))).toString()).toBe('x');
  });

  const tags = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ Key: `k${index}`, Value: 'v' }));
  const refused: readonly (readonly [string, { Key: string; Value: string }[]])[] = [
    ['eleven tags', tags(11)],
    ['a name twice', [...tags(1), ...tags(1)]],
    ['a name of 129 characters', [{ Key: 'k'.repeat(129), Value: '' }]],
    ['a value of 257 characters', [{ Key: 'k', Value: 'v'.repeat(257) }]],
  ];
  for (const [title, set] of refused) {
    behaviour(`${title}: InvalidTag`, async () => {
      await put('tagged', 'x');
      const outcome: unknown = await setTags('tagged', set).catch((error: unknown) => error);
      expect(outcome).toMatchObject({ $metadata: { httpStatusCode: 400 } });
    });
  }
});
