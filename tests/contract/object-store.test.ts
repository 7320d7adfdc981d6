import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedS3, openEmbeddedS3 } from '../../infra/local/s3/index.ts';
import { sendContentMd5 } from '../../lib/composition/content-md5.ts';
import type { ObjectTerms } from '../../lib/upload/object-store.ts';
import { S3ObjectStore } from '../../lib/upload/s3-store.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { testServer } from './environment.ts';
import { describeObjectStore } from './object-store.ts';
import { s3ServerDeviations } from './s3-deviations.ts';

const staging = 'staging-bucket';
const bucket = 'destination-bucket';

describe('ObjectStore in memory', () => {
  const store = new MemoryObjectStore(100);
  describeObjectStore({ store: () => store, bucket, minPartBytes: 100 });
});

describe('ObjectStore in S3, on the embedded server', () => {
  const region = 'eu-central-1';
  const credentials = { accessKeyId: 'KEY', secretAccessKey: 'secret' };
  const minPartBytes = 1024;
  let dataDir: string;
  let server: EmbeddedS3;
  let client: S3Client;
  let store: S3ObjectStore;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'bits-s3-'));
    server = await openEmbeddedS3({ dataDir, region, credentials, buckets: [staging, bucket], minPartBytes });
    const { url } = await server.listen({ host: '127.0.0.1', port: 0 });
    client = new S3Client({ endpoint: url, forcePathStyle: true, region, credentials });
    store = new S3ObjectStore({ client, stagingBucket: staging, objectChecksums: true });
  });

  afterAll(async () => {
    client.destroy();
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  describeObjectStore({
    store: () => store,
    bucket,
    minPartBytes,
    listPartsRequests: () => server.stats().ListParts.requests,
  });

  it('the object has the bytes, the metadata in US-ASCII, and a checksum of the whole', async () => {
    const target = { bucket, key: `ü ${randomUUID()}` };
    const metadata = { sessionId: 'S-1', originalName: 'Prüfung 100%.txt', principal: 'a/b' };
    const upload = await store.createUpload(target, metadata);
    const body = Buffer.alloc(minPartBytes, 'x');
    await store.uploadPart(upload, 1, body);
    await store.uploadPart(upload, 2, Buffer.from('123456789'));
    const entity = Buffer.concat([body, Buffer.from('123456789')]);
    const parts = await store.listParts(upload);
    const completion = { parts, totalBytes: entity.byteLength, crc32: crc32(entity), onlyIfAbsent: true };
    expect(await store.completeUpload(upload, completion)).toBe('completed');
    const at = { Bucket: bucket, Key: target.key };
    const { Body } = await client.send(new GetObjectCommand(at));
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(entity)).toBe(true);
    const head = await client.send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));
    expect(head.Metadata).toEqual({
      'bits-session-id': 'S-1',
      'bits-original-name': 'Pr%C3%BCfung%20100%25.txt',
      'bits-principal': 'a%2Fb',
    });
    expect(head.ChecksumType).toBe('FULL_OBJECT');
    expect(Buffer.from(head.ChecksumCRC32 ?? '', 'base64').readUInt32BE()).toBe(crc32(entity));
  });

  it('the object is kept on its terms: type, class, key, tags and metadata', async () => {
    const target = { bucket, key: `terms ${randomUUID()}` };
    const keyArn = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd';
    const terms: ObjectTerms = {
      contentType: 'text/csv',
      storageClass: 'GLACIER_IR',
      encryption: { kind: 'kms', keyArn },
      tags: { team: 'field service', 'cost/centre': '47+11' },
      metadata: { source: 'fleet' },
    };
    const metadata = { sessionId: 'S-1', originalName: 'a.csv', principal: 'p', terms };
    const upload = await store.createUpload(target, metadata);
    await store.uploadPart(upload, 1, Buffer.from('1'));
    const parts = await store.listParts(upload);
    const completion = { parts, totalBytes: 1, crc32: crc32('1'), onlyIfAbsent: true };
    expect(await store.completeUpload(upload, completion)).toBe('completed');
    const at = { Bucket: bucket, Key: target.key };
    expect(await client.send(new HeadObjectCommand(at))).toMatchObject({
      ContentType: 'text/csv',
      StorageClass: 'GLACIER_IR',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: keyArn,
      BucketKeyEnabled: true,
      Metadata: { 'bits-session-id': 'S-1', source: 'fleet' },
    });
    const { TagSet } = await client.send(new GetObjectTaggingCommand(at));
    expect(TagSet).toEqual([
      { Key: 'team', Value: 'field service' },
      { Key: 'cost/centre', Value: '47+11' },
    ]);
    expect(await store.head(target)).toMatchObject({ sessionId: 'S-1', sizeBytes: 1 });
  });

  it('a bucket that is not there is UNAVAILABLE, not an absent piece or object', async () => {
    const lost = new S3ObjectStore({ client, stagingBucket: 'no-such-bucket', objectChecksums: true });
    await expect(lost.getPiece('x')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(lost.putPiece('x', Buffer.from('x'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(lost.listPieces('x')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('a conflict at Complete is told, whether the upload outlives it or not', async () => {
    for (const upload of ['kept', 'destroyed'] as const) {
      const target = { bucket, key: randomUUID() };
      const ref = await store.createUpload(target, { sessionId: 's', originalName: 'n', principal: 'p' });
      await store.uploadPart(ref, 1, Buffer.alloc(0));
      const parts = await store.listParts(ref);
      server.conflictOnComplete({ ...target, upload, requests: 'any' });
      const completion = { parts, totalBytes: 0, crc32: 0, onlyIfAbsent: true };
      expect(await store.completeUpload(ref, completion)).toBe('conflict');
      const again = await store.completeUpload(ref, completion);
      expect(again).toBe(upload === 'kept' ? 'completed' : 'no-such-upload');
    }
  });
});

const given = testServer('S3');
if (given !== undefined) {
  describe(`ObjectStore in S3, at ${given.endpoint}`, () => {
    const client = new S3Client({
      ...given,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    const suffix = randomUUID();
    const { objectChecksums, contentMd5, deviations } = s3ServerDeviations(given.server);
    if (contentMd5) sendContentMd5(client);
    const stagingBucket = `bits-s3-staging-${suffix}`.slice(0, 63);
    const destination = `bits-s3-upload-${suffix}`.slice(0, 63);
    const store = new S3ObjectStore({ client, stagingBucket, objectChecksums });

    beforeAll(async () => {
      for (const Bucket of [stagingBucket, destination])
        await client.send(new CreateBucketCommand({ Bucket }));
    });

    afterAll(() => {
      client.destroy();
    });

    describeObjectStore({ store: () => store, bucket: destination, minPartBytes: 5 * 2 ** 20, deviations });
  });
}
