import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
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

const leastPartBytes = 5 * 1024 ** 2;
const bigPart = patternedBytes(leastPartBytes, 1);
const otherBigPart = patternedBytes(leastPartBytes, 2);
const tail = patternedBytes(1234, 3);
const noUploadId = 'bm8gc3VjaCB1cGxvYWQ';

interface ListedPart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

class Upload {
  readonly Key: string;
  readonly UploadId: string;

  constructor(Key: string, UploadId: string) {
    this.Key = Key;
    this.UploadId = UploadId;
  }

  static async create(Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<Upload> {
    const { UploadId } = await s3.client.send(
      new CreateMultipartUploadCommand({ Bucket: s3.bucket, Key, ...more }),
    );
    return new Upload(Key, UploadId ?? '');
  }

  get id() {
    return { Bucket: s3.bucket, Key: this.Key, UploadId: this.UploadId };
  }

  async part(PartNumber: number, Body: Uint8Array): Promise<ListedPart> {
    const { ETag } = await s3.client.send(new UploadPartCommand({ ...this.id, PartNumber, Body }));
    return { PartNumber, ETag };
  }

  complete(parts: readonly ListedPart[], more: Partial<CompleteMultipartUploadCommandInput> = {}) {
    return s3.client.send(
      new CompleteMultipartUploadCommand({ ...this.id, MultipartUpload: { Parts: [...parts] }, ...more }),
    );
  }

  list(more: object = {}) {
    return s3.client.send(new ListPartsCommand({ ...this.id, ...more }));
  }

  abort() {
    return s3.client.send(new AbortMultipartUploadCommand(this.id));
  }
}

const get = (Key: string, more: object = {}) =>
  s3.client.send(new GetObjectCommand({ Bucket: s3.bucket, Key, ...more }));
const head = (Key: string, more: object = {}) =>
  s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key, ...more }));

function compositeETag(parts: readonly Uint8Array[]): string {
  const digests = parts.map((part) => Buffer.from(md5Hex(part), 'hex'));
  return `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${parts.length}"`;
}

describe('an upload in parts', () => {
  behaviour('becomes one object, with everything said when it was created', async () => {
    const said = { ContentType: 'video/mp4', Metadata: { who: 'me' }, StorageClass: 'STANDARD_IA' } as const;
    const upload = await Upload.create('whole', { ...said, Tagging: 'a=b' });
    const parts = [
      await upload.part(1, bigPart),
      await upload.part(2, otherBigPart),
      await upload.part(3, tail),
    ];
    const { ETag, Key, Bucket } = await upload.complete(parts);
    expect({ ETag, Key, Bucket }).toEqual({
      ETag: compositeETag([bigPart, otherBigPart, tail]),
      Key: 'whole',
      Bucket: s3.bucket,
    });
    const answer = await get('whole');
    expect(answer).toMatchObject({ ...said, ETag, TagCount: 1, ContentLength: 2 * leastPartBytes + 1234 });
    expect((await bytesOf(answer)).equals(Buffer.concat([bigPart, otherBigPart, tail]))).toBe(true);
  });

  behaviour('ranges cross the boundaries of parts', async () => {
    const upload = await Upload.create('ranged');
    const body = Buffer.concat([bigPart, otherBigPart, tail]);
    await upload.complete([
      await upload.part(1, bigPart),
      await upload.part(2, otherBigPart),
      await upload.part(3, tail),
    ]);
    const at = leastPartBytes;
    for (const [start, end] of [
      [at - 3, at + 3],
      [at, at + 1],
      [at - 1, at],
      [5, 2 * at + 7],
      [2 * at, 2 * at + 1234],
      [at, 2 * at],
    ] as const) {
      const answer = await get('ranged', { Range: `bytes=${start}-${end - 1}` });
      expect((await bytesOf(answer)).equals(body.subarray(start, end))).toBe(true);
    }
    expect((await bytesOf(await get('ranged', { Range: 'bytes=-1240' }))).equals(body.subarray(-1240))).toBe(
      true,
    );
  });

  behaviour('a part of the object can be read by its number', async () => {
    const upload = await Upload.create('numbered');
    await upload.complete([await upload.part(1, bigPart), await upload.part(2, tail)]);
    const answer = await get('numbered', { PartNumber: 2 });
    expect(answer).toMatchObject({ PartsCount: 2, ContentLength: 1234 });
    expect((await bytesOf(answer)).equals(tail)).toBe(true);
    await expectError(get('numbered', { PartNumber: 3 }), 'InvalidPartNumber', 416);
  });

  behaviour('an empty object is one empty part', async () => {
    const upload = await Upload.create('nothing');
    await upload.complete([await upload.part(1, new Uint8Array(0))]);
    expect(await head('nothing')).toMatchObject({ ContentLength: 0 });
    expect(await bytesOf(await get('nothing'))).toHaveLength(0);
  });

  behaviour('nothing is to be seen before it is complete', async () => {
    const upload = await Upload.create('unseen');
    await upload.part(1, tail);
    await expectError(head('unseen'), 'NotFound', 404);
    const { KeyCount } = await s3.client.send(
      new ListObjectsV2Command({ Bucket: s3.bucket, Prefix: 'unseen' }),
    );
    expect(KeyCount).toBe(0);
    await upload.abort();
  });

  behaviour('parts may arrive in any order and at once', async () => {
    const upload = await Upload.create('disordered');
    const arrived = await Promise.all(
      [3, 1, 2].map((number) =>
        upload.part(number, number === 3 ? tail : number === 1 ? bigPart : otherBigPart),
      ),
    );
    await upload.complete(arrived.toSorted((a, b) => a.PartNumber - b.PartNumber));
    const body = await bytesOf(await get('disordered'));
    expect(body.equals(Buffer.concat([bigPart, otherBigPart, tail]))).toBe(true);
  });

  behaviour('a part uploaded again replaces the first', async () => {
    const upload = await Upload.create('again');
    const first = await upload.part(1, patternedBytes(100, 8));
    const second = await upload.part(1, tail);
    await expectError(upload.complete([first]), 'InvalidPart', 400);
    await upload.complete([second]);
    expect((await bytesOf(await get('again'))).equals(tail)).toBe(true);
  });

  behaviour('parts that are not listed are left out', async () => {
    const upload = await Upload.create('partial');
    const first = await upload.part(1, tail);
    await upload.part(2, bigPart);
    await upload.complete([first]);
    expect(await head('partial')).toMatchObject({ ContentLength: 1234 });
  });

  behaviour('it replaces an object that was there', async () => {
    await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'taken', Body: 'old' }));
    const upload = await Upload.create('taken');
    expect((await bytesOf(await get('taken'))).toString()).toBe('old');
    await upload.complete([await upload.part(1, tail)]);
    expect((await bytesOf(await get('taken'))).equals(tail)).toBe(true);
  });

  behaviour('its object can be copied', async () => {
    const upload = await Upload.create('copied-from');
    await upload.complete([await upload.part(1, bigPart), await upload.part(2, tail)]);
    await s3.client.send(
      new CopyObjectCommand({ Bucket: s3.bucket, Key: 'copied-to', CopySource: `${s3.bucket}/copied-from` }),
    );
    const answer = await get('copied-to');
    expect(answer.ETag).toBe(`"${md5Hex(Buffer.concat([bigPart, tail]))}"`);
    expect((await bytesOf(answer)).equals(Buffer.concat([bigPart, tail]))).toBe(true);
  });
});

describe('Complete refuses', () => {
  behaviour('a middle part under 5 MiB: EntityTooSmall, only now, and the upload lives on', async () => {
    const upload = await Upload.create('small');
    const small = await upload.part(1, bigPart.subarray(1));
    const last = await upload.part(2, tail);
    await expectError(upload.complete([small, last]), 'EntityTooSmall', 400);
    await expectError(head('small'), 'NotFound', 404);
    await upload.complete([await upload.part(1, bigPart), last]);
    expect(await head('small')).toMatchObject({ ContentLength: leastPartBytes + 1234 });
  });

  behaviour('a part that was never uploaded, or another ETag: InvalidPart', async () => {
    const upload = await Upload.create('wrong');
    const part = await upload.part(1, tail);
    await expectError(upload.complete([{ ...part, PartNumber: 2 }]), 'InvalidPart', 400);
    await expectError(upload.complete([{ ...part, ETag: `"${md5Hex(bigPart)}"` }]), 'InvalidPart', 400);
    await upload.complete([part]);
  });

  behaviour('parts out of order or twice: InvalidPartOrder', async () => {
    const upload = await Upload.create('order');
    const [one, two] = [await upload.part(1, bigPart), await upload.part(2, bigPart)];
    await expectError(upload.complete([two, one]), 'InvalidPartOrder', 400);
    await expectError(upload.complete([one, one]), 'InvalidPartOrder', 400);
    await upload.abort();
  });

  behaviour('no parts at all: MalformedXML', async () => {
    const upload = await Upload.create('none');
    await upload.part(1, tail);
    await expectError(upload.complete([]), 'MalformedXML', 400);
    await upload.abort();
  });

  for (const body of [
    '',
    'not xml',
    '<CompleteMultipartUpload><Part></CompleteMultipartUpload>',
    '<Other/>',
  ]) {
    behaviour(`${JSON.stringify(body)} as its list: MalformedXML`, async () => {
      const upload = await Upload.create('malformed');
      await upload.part(1, tail);
      const query = { uploadId: upload.UploadId };
      const answer = await s3.send({ method: 'POST', key: 'malformed', query, body: Buffer.from(body) });
      expect([answer.status, answer.code]).toEqual([400, 'MalformedXML']);
      await upload.abort();
    });
  }

  behaviour('another total than MpuObjectSize says, and keeps the upload', async () => {
    const upload = await Upload.create('size');
    const part = await upload.part(1, tail);
    for (const MpuObjectSize of [1233, 1235, 0]) {
      await expectError(upload.complete([part], { MpuObjectSize }), 'InvalidRequest', 400);
    }
    await upload.complete([part], { MpuObjectSize: 1234 });
    expect(await head('size')).toMatchObject({ ContentLength: 1234 });
  });

  behaviour('a gap in the numbers of parts that have checksums: InvalidPartOrder', async () => {
    const upload = await Upload.create('gap', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const parts = [await upload.part(1, bigPart), await upload.part(3, tail)];
    await expectError(upload.complete(parts), 'InvalidPartOrder', 400);
    await upload.abort();
  });
});

describe('UploadPart refuses', () => {
  for (const partNumber of ['0', '10001', '-1', 'one', '']) {
    behaviour(`part number ${JSON.stringify(partNumber)}: InvalidArgument`, async () => {
      const upload = await Upload.create('numbers');
      const query = { partNumber, uploadId: upload.UploadId };
      const answer = await s3.send({ method: 'PUT', key: 'numbers', query, body: tail });
      expect([answer.status, answer.code]).toEqual([400, 'InvalidArgument']);
      await upload.abort();
    });
  }

  behaviour('part 10000 is a part', async () => {
    const upload = await Upload.create('highest');
    const { ETag } = await upload.part(10_000, tail);
    expect(ETag).toBe(`"${md5Hex(tail)}"`);
    await upload.abort();
  });

  behaviour('another upload id, or another key: NoSuchUpload', async () => {
    const upload = await Upload.create('known');
    await expectError(new Upload('known', noUploadId).part(1, tail), 'NoSuchUpload', 404);
    await expectError(new Upload('other', upload.UploadId).part(1, tail), 'NoSuchUpload', 404);
    await upload.abort();
  });
});

describe('abort', () => {
  behaviour('ends the upload: everything after it is NoSuchUpload', async () => {
    const upload = await Upload.create('aborted');
    const part = await upload.part(1, tail);
    await upload.abort();
    await expectError(upload.part(2, tail), 'NoSuchUpload', 404);
    await expectError(upload.complete([part]), 'NoSuchUpload', 404);
    await expectError(upload.list(), 'NoSuchUpload', 404);
    await expectError(upload.abort(), 'NoSuchUpload', 404);
    await expectError(head('aborted'), 'NotFound', 404);
  });

  behaviour('leaves another upload of the same key alone', async () => {
    const [one, other] = [await Upload.create('twice'), await Upload.create('twice')];
    const part = await other.part(1, tail);
    await one.abort();
    await other.complete([part]);
    expect(await head('twice')).toMatchObject({ ContentLength: 1234 });
  });
});

describe('ListParts', () => {
  behaviour('names every part, by number, on pages', async () => {
    const upload = await Upload.create('listed');
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
    const upload = await Upload.create('empty');
    expect((await upload.list()).Parts ?? []).toEqual([]);
    await upload.abort();
  });
});

describe('ListMultipartUploads', () => {
  behaviour('names what is under way, by key, on pages', async () => {
    const keys = ['mpu/a', 'mpu/b', 'mpu/b', 'mpu/c/1', 'mpu/c/2'];
    const uploads = await Promise.all(keys.map((key) => Upload.create(key)));
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
    const [done, aborted] = [await Upload.create('over/1'), await Upload.create('over/2')];
    await done.complete([await done.part(1, tail)]);
    await aborted.abort();
    const page = await s3.client.send(
      new ListMultipartUploadsCommand({ Bucket: s3.bucket, Prefix: 'over/' }),
    );
    expect(page.Uploads ?? []).toEqual([]);
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
    const upload = await Upload.create('from-copies');
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
    const upload = await Upload.create('bad-copies');
    await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'small-source', Body: tail }));
    await expectError(copyPart(upload, 1, `bytes=0-${source.byteLength}`), 'InvalidArgument', 400);
    await expectError(copyPart(upload, 1, 'bytes=5-'), 'InvalidArgument', 400);
    await expectError(copyPart(upload, 1, 'bytes=0-9', 'small-source'), 'InvalidRequest', 400);
    await upload.abort();
  });
});
