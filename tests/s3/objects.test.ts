import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { behaviour, expectError } from './support/behaviour.ts';
import { bytesOf, md5Hex, patternedBytes } from './support/bytes.ts';
import { type ServerUnderTest, startServer } from './support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
});
afterAll(() => s3.stop());

const put = (Key: string, Body: string | Uint8Array, more: object = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key, Body: Buffer.from(Body), ...more }));
const get = (Key: string, more: object = {}) =>
  s3.client.send(new GetObjectCommand({ Bucket: s3.bucket, Key, ...more }));
const head = (Key: string, more: object = {}) =>
  s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key, ...more }));

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

describe('ranges', () => {
  const body = patternedBytes(3_000_000, 7);
  beforeAll(() => put('ranged', body));

  const satisfiable: readonly (readonly [range: string, start: number, end: number])[] = [
    ['bytes=0-0', 0, 1],
    ['bytes=0-999', 0, 1000],
    ['bytes=10-19', 10, 20],
    ['bytes=2999999-2999999', 2_999_999, 3_000_000],
    ['bytes=2999990-9999999', 2_999_990, 3_000_000],
    ['bytes=500-', 500, 3_000_000],
    ['bytes=-1', 2_999_999, 3_000_000],
    ['bytes=-2000000', 1_000_000, 3_000_000],
    ['bytes=-9999999', 0, 3_000_000],
  ];
  for (const [Range, start, end] of satisfiable) {
    behaviour(`${Range} of 3000000 is bytes ${start} to ${end}`, async () => {
      const answer = await get('ranged', { Range });
      expect(answer.$metadata.httpStatusCode).toBe(206);
      expect(answer.ContentRange).toBe(`bytes ${start}-${end - 1}/3000000`);
      expect(answer.ContentLength).toBe(end - start);
      expect((await bytesOf(answer)).equals(body.subarray(start, end))).toBe(true);
    });
  }

  for (const Range of ['bytes=3000000-', 'bytes=9999999-9999999', 'bytes=-0']) {
    behaviour(`${Range} of 3000000 is past the end`, async () => {
      await expectError(get('ranged', { Range }), 'InvalidRange', 416);
    });
  }

  behaviour('no range of an empty object can be satisfied', async () => {
    await put('empty', '');
    await expectError(get('empty', { Range: 'bytes=0-' }), 'InvalidRange', 416);
  });

  for (const Range of ['bytes=5-2', 'bytes=a-b', 'bytes=-', 'lines=1-2']) {
    behaviour(`${Range} is no range: the whole object comes`, async () => {
      const answer = await get('ranged', { Range });
      expect(answer.$metadata.httpStatusCode).toBe(200);
      expect(answer.ContentLength).toBe(3_000_000);
      await bytesOf(answer);
    });
  }

  behaviour('HEAD answers a range without a body', async () => {
    const answer = await head('ranged', { Range: 'bytes=10-19' });
    expect(answer).toMatchObject({ ContentLength: 10, $metadata: { httpStatusCode: 206 } });
  });
});

describe('conditional reads', () => {
  const past = new Date('2001-01-01T00:00:00Z');
  const future = () => new Date(Date.now() + 3_600_000);
  const other = '"00000000000000000000000000000000"';
  const same = `"${md5Hex(Buffer.from('x'))}"`;
  /** As the server wrote it down, in its own whole seconds. */
  let writtenAt: Date | undefined;
  beforeAll(async () => {
    await put('read', 'x');
    writtenAt = (await head('read', {})).LastModified;
  });

  const table: readonly (readonly [string, () => object, 200 | 304 | 412])[] = [
    ['If-Match with its ETag', () => ({ IfMatch: same }), 200],
    ['If-Match with *', () => ({ IfMatch: '*' }), 200],
    ['If-Match with another ETag', () => ({ IfMatch: other }), 412],
    ['If-None-Match with its ETag', () => ({ IfNoneMatch: same }), 304],
    ['If-None-Match with another ETag', () => ({ IfNoneMatch: other }), 200],
    ['If-Modified-Since before', () => ({ IfModifiedSince: past }), 200],
    ['If-Modified-Since its own time', () => ({ IfModifiedSince: writtenAt }), 304],
    ['If-Unmodified-Since before', () => ({ IfUnmodifiedSince: past }), 412],
    ['If-Unmodified-Since after', () => ({ IfUnmodifiedSince: future() }), 200],
    ['If-Match outweighs If-Unmodified-Since', () => ({ IfMatch: same, IfUnmodifiedSince: past }), 200],
    ['If-None-Match outweighs If-Modified-Since', () => ({ IfNoneMatch: same, IfModifiedSince: past }), 304],
  ];
  for (const [title, condition, status] of table) {
    behaviour(`GET, ${title}: ${status}`, async () => {
      const answered = await get('read', condition()).then(
        (answer) => bytesOf(answer).then(() => answer.$metadata.httpStatusCode),
        (error: unknown) => error,
      );
      if (status === 200) expect(answered).toBe(200);
      else expect(answered).toMatchObject({ $metadata: { httpStatusCode: status } });
    });
  }
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
