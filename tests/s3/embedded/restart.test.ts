import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { bytesOf, patternedBytes } from '../support/bytes.ts';
import { bucket as Bucket, inProcessClient, openInProcess } from '../support/in-process.ts';

async function withServer<T>(dataDir: string, use: (client: S3Client) => Promise<T>): Promise<T> {
  const s3 = await openInProcess(dataDir);
  try {
    return await use(inProcessClient(s3));
  } finally {
    await s3.close();
  }
}

async function uploadInParts(client: S3Client, Key: string, bodies: readonly Uint8Array[]) {
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      Bucket,
      Key,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
    }),
  );
  const id = { Bucket, Key, UploadId };
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (const [index, Body] of bodies.entries()) {
    const PartNumber = index + 1;
    const { ETag } = await client.send(
      new UploadPartCommand({ ...id, PartNumber, Body, ChecksumAlgorithm: 'CRC32' }),
    );
    Parts.push({ PartNumber, ETag });
  }
  return {
    id,
    complete: () => client.send(new CompleteMultipartUploadCommand({ ...id, MultipartUpload: { Parts } })),
  };
}

async function diskBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

describe('a restart', () => {
  it('keeps buckets, objects, descriptions, tags, checksums, and uploads under way', async () => {
    const dataDir = await tempFolder();
    const big = [patternedBytes(1_500_000, 1), patternedBytes(1_500_000, 2)];
    const open = await withServer(dataDir, async (client) => {
      await client.send(new CreateBucketCommand({ Bucket: 'another-bucket' }));
      await client.send(
        new PutObjectCommand({
          Bucket,
          Key: 'ü/1',
          Body: 'bytes',
          ContentType: 'text/plain',
          Metadata: { a: 'b' },
          StorageClass: 'STANDARD_IA',
        }),
      );
      await client.send(
        new PutObjectTaggingCommand({ Bucket, Key: 'ü/1', Tagging: { TagSet: [{ Key: 't', Value: 'v' }] } }),
      );
      await (await uploadInParts(client, 'big', big)).complete();
      return uploadInParts(client, 'open', [Buffer.from('one')]);
    });
    await withServer(dataDir, async (client) => {
      const { Buckets } = await client.send(new ListBucketsCommand({}));
      expect(Buckets?.map(({ Name }) => Name)).toEqual(['another-bucket', Bucket]);
      const small = await client.send(new GetObjectCommand({ Bucket, Key: 'ü/1' }));
      expect(small).toMatchObject({
        ContentType: 'text/plain',
        Metadata: { a: 'b' },
        StorageClass: 'STANDARD_IA',
        TagCount: 1,
      });
      expect((await bytesOf(small)).toString()).toBe('bytes');
      const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'ü/1' }));
      expect(TagSet).toEqual([{ Key: 't', Value: 'v' }]);
      const whole = await client.send(new GetObjectCommand({ Bucket, Key: 'big' }));
      expect((await bytesOf(whole)).equals(Buffer.concat(big))).toBe(true);
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'big', ChecksumMode: 'ENABLED' }));
      expect(head).toMatchObject({ ChecksumType: 'FULL_OBJECT', ContentLength: 3_000_000 });
      expect(head.ChecksumCRC32).toMatch(/^.{8}$/);
      const { Parts } = await client.send(new ListPartsCommand(open.id));
      expect(Parts).toMatchObject([{ PartNumber: 1, Size: 3 }]);
    });
  });

  it('keeps the order of writes: the last one holds, over many restarts', async () => {
    const dataDir = await tempFolder();
    for (let round = 1; round <= 5; round++) {
      await withServer(dataDir, async (client) => {
        if (round > 1) {
          const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
          expect((await bytesOf(answer)).toString()).toBe(`round ${round - 1}, second`);
        }
        for (const which of ['first', 'second']) {
          await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: `round ${round}, ${which}` }));
        }
      });
    }
  });
});

describe('what is deleted', () => {
  it('is gone from the disk: objects of one write and of parts, replaced, deleted, deleted in bulk', async () => {
    const dataDir = await tempFolder();
    await withServer(dataDir, async (client) => {
      const emptyBytes = await diskBytes(dataDir);
      for (const Key of ['one', 'two', 'three']) {
        await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(800_000) }));
        await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(3_000_000) }));
      }
      await (
        await uploadInParts(client, 'parts', [Buffer.alloc(2_000_000), Buffer.alloc(2_000_000)])
      ).complete();
      expect(await diskBytes(dataDir)).toBeLessThan(emptyBytes + 13_000_000 + 10_000);
      await client.send(new DeleteObjectCommand({ Bucket, Key: 'one' }));
      await client.send(new DeleteObjectCommand({ Bucket, Key: 'parts' }));
      const Objects = [{ Key: 'two' }, { Key: 'three' }];
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      expect(await diskBytes(dataDir)).toBe(emptyBytes);
    });
  });
});
