import { ListMultipartUploadsCommand, type ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { behaviour } from './support/behaviour.ts';
import { md5Hex, patternedBytes } from './support/bytes.ts';
import { tail, Upload } from './support/multipart-upload.ts';
import { type ServerUnderTest, startServer } from './support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
});
afterAll(() => s3.stop());

describe('ListParts', () => {
  behaviour('names every part, by number, on pages', async () => {
    const upload = await Upload.create(s3, 'listed');
    for (const number of [5, 1, 10, 3]) await upload.part(number, patternedBytes(number * 10, number));
    const { Parts, IsTruncated } = await upload.list();
    expect(IsTruncated).toBe(false);
    expect(Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 10],
      [3, 30],
      [5, 50],
      [10, 100],
    ]);
    expect(Parts?.[0]?.ETag).toBe(`"${md5Hex(patternedBytes(10, 1))}"`);
    const first = await upload.list({ MaxParts: 3 });
    expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '5' });
    const second = await upload.list({ MaxParts: 3, PartNumberMarker: first.NextPartNumberMarker });
    expect(second.IsTruncated).toBe(false);
    expect(second.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([10]);
    await upload.abort();
  });

  behaviour('has none before the first', async () => {
    const upload = await Upload.create(s3, 'empty');
    expect((await upload.list()).Parts ?? []).toEqual([]);
    await upload.abort();
  });
});

describe('ListMultipartUploads', () => {
  behaviour('names what is under way, by key, on pages', async () => {
    const keys = ['mpu/a', 'mpu/b', 'mpu/b', 'mpu/c/1', 'mpu/c/2'];
    const uploads = await Promise.all(keys.map((key) => Upload.create(s3, key)));
    const seen: (string | undefined)[] = [];
    const ids = new Set<string | undefined>();
    let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
    while (markers !== undefined) {
      const page: ListMultipartUploadsCommandOutput = await s3.client.send(
        new ListMultipartUploadsCommand({ Bucket: s3.bucket, Prefix: 'mpu/', MaxUploads: 2, ...markers }),
      );
      for (const { Key, UploadId } of page.Uploads ?? []) {
        seen.push(Key);
        ids.add(UploadId);
      }
      markers = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        : undefined;
    }
    expect(seen).toEqual(keys);
    expect(ids).toEqual(new Set(uploads.map(({ UploadId }) => UploadId)));
    const folded = await s3.client.send(
      new ListMultipartUploadsCommand({ Bucket: s3.bucket, Prefix: 'mpu/', Delimiter: '/' }),
    );
    expect(folded.CommonPrefixes).toEqual([{ Prefix: 'mpu/c/' }]);
    expect(folded.Uploads).toHaveLength(3);
    for (const upload of uploads) await upload.abort();
  });

  behaviour('forgets what is complete or aborted', async () => {
    const [done, aborted] = [await Upload.create(s3, 'over/1'), await Upload.create(s3, 'over/2')];
    await done.complete([await done.part(1, tail)]);
    await aborted.abort();
    const page = await s3.client.send(
      new ListMultipartUploadsCommand({ Bucket: s3.bucket, Prefix: 'over/' }),
    );
    expect(page.Uploads ?? []).toEqual([]);
  });
});
