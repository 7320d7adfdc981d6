import { createHash } from 'node:crypto';
import { CopyObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { behaviour, expectError } from './support/behaviour.ts';
import { bytesOf, md5Hex, patternedBytes } from './support/bytes.ts';
import {
  bigPart,
  leastPartBytes,
  noUploadId,
  otherBigPart,
  tail,
  Upload,
} from './support/multipart-upload.ts';
import { requestsOf } from './support/requests.ts';
import { type ServerUnderTest, startServer } from './support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
});
afterAll(() => s3.stop());

const { get, head } = requestsOf(() => s3);

function compositeETag(parts: readonly Uint8Array[]): string {
  const digests = parts.map((part) => Buffer.from(md5Hex(part), 'hex'));
  return `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${parts.length}"`;
}

describe('an upload in parts', () => {
  behaviour('becomes one object, with everything said when it was created', async () => {
    const said = { ContentType: 'video/mp4', Metadata: { who: 'me' }, StorageClass: 'STANDARD_IA' } as const;
    const upload = await Upload.create(s3, 'whole', { ...said, Tagging: 'a=b' });
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
    const upload = await Upload.create(s3, 'ranged');
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
    const upload = await Upload.create(s3, 'numbered');
    await upload.complete([await upload.part(1, bigPart), await upload.part(2, tail)]);
    const answer = await get('numbered', { PartNumber: 2 });
    expect(answer).toMatchObject({ PartsCount: 2, ContentLength: 1234 });
    expect((await bytesOf(answer)).equals(tail)).toBe(true);
    await expectError(get('numbered', { PartNumber: 3 }), 'InvalidPartNumber', 416);
  });

  behaviour('an empty object is one empty part', async () => {
    const upload = await Upload.create(s3, 'nothing');
    await upload.complete([await upload.part(1, new Uint8Array(0))]);
    expect(await head('nothing')).toMatchObject({ ContentLength: 0 });
    expect(await bytesOf(await get('nothing'))).toHaveLength(0);
  });

  behaviour('nothing is to be seen before it is complete', async () => {
    const upload = await Upload.create(s3, 'unseen');
    await upload.part(1, tail);
    await expectError(head('unseen'), 'NotFound', 404);
    const { KeyCount } = await s3.client.send(
      new ListObjectsV2Command({ Bucket: s3.bucket, Prefix: 'unseen' }),
    );
    expect(KeyCount).toBe(0);
    await upload.abort();
  });

  behaviour('parts may arrive in any order and at once', async () => {
    const upload = await Upload.create(s3, 'disordered');
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
    const upload = await Upload.create(s3, 'again');
    const first = await upload.part(1, patternedBytes(100, 8));
    const second = await upload.part(1, tail);
    await expectError(upload.complete([first]), 'InvalidPart', 400);
    await upload.complete([second]);
    expect((await bytesOf(await get('again'))).equals(tail)).toBe(true);
  });

  behaviour('parts that are not listed are left out', async () => {
    const upload = await Upload.create(s3, 'partial');
    const first = await upload.part(1, tail);
    await upload.part(2, bigPart);
    await upload.complete([first]);
    expect(await head('partial')).toMatchObject({ ContentLength: 1234 });
  });

  behaviour('it replaces an object that was there', async () => {
    await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'taken', Body: 'old' }));
    const upload = await Upload.create(s3, 'taken');
    expect((await bytesOf(await get('taken'))).toString()).toBe('old');
    await upload.complete([await upload.part(1, tail)]);
    expect((await bytesOf(await get('taken'))).equals(tail)).toBe(true);
  });

  behaviour('its object can be copied', async () => {
    const upload = await Upload.create(s3, 'copied-from');
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
    const upload = await Upload.create(s3, 'small');
    const small = await upload.part(1, bigPart.subarray(1));
    const last = await upload.part(2, tail);
    await expectError(upload.complete([small, last]), 'EntityTooSmall', 400);
    await expectError(head('small'), 'NotFound', 404);
    await upload.complete([await upload.part(1, bigPart), last]);
    expect(await head('small')).toMatchObject({ ContentLength: leastPartBytes + 1234 });
  });

  behaviour('a part that was never uploaded, or another ETag: InvalidPart', async () => {
    const upload = await Upload.create(s3, 'wrong');
    const part = await upload.part(1, tail);
    await expectError(upload.complete([{ ...part, PartNumber: 2 }]), 'InvalidPart', 400);
    await expectError(upload.complete([{ ...part, ETag: `"${md5Hex(bigPart)}"` }]), 'InvalidPart', 400);
    await upload.complete([part]);
  });

  behaviour('parts out of order or twice: InvalidPartOrder', async () => {
    const upload = await Upload.create(s3, 'order');
    const [one, two] = [await upload.part(1, bigPart), await upload.part(2, bigPart)];
    await expectError(upload.complete([two, one]), 'InvalidPartOrder', 400);
    await expectError(upload.complete([one, one]), 'InvalidPartOrder', 400);
    await upload.abort();
  });

  behaviour('no parts at all: MalformedXML', async () => {
    const upload = await Upload.create(s3, 'none');
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
      const upload = await Upload.create(s3, 'malformed');
      await upload.part(1, tail);
      const query = { uploadId: upload.UploadId };
      const answer = await s3.send({ method: 'POST', key: 'malformed', query, body: Buffer.from(body) });
      expect([answer.status, answer.code]).toEqual([400, 'MalformedXML']);
      await upload.abort();
    });
  }

  behaviour('another total than MpuObjectSize says, and keeps the upload', async () => {
    const upload = await Upload.create(s3, 'size');
    const part = await upload.part(1, tail);
    for (const MpuObjectSize of [1233, 1235, 0]) {
      await expectError(upload.complete([part], { MpuObjectSize }), 'InvalidRequest', 400);
    }
    await upload.complete([part], { MpuObjectSize: 1234 });
    expect(await head('size')).toMatchObject({ ContentLength: 1234 });
  });

  behaviour('a gap in the numbers of parts that have checksums: InvalidPartOrder', async () => {
    const upload = await Upload.create(s3, 'gap', {
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
    });
    const parts = [await upload.part(1, bigPart), await upload.part(3, tail)];
    await expectError(upload.complete(parts), 'InvalidPartOrder', 400);
    await upload.abort();
  });
});

describe('UploadPart refuses', () => {
  for (const partNumber of ['0', '10001', '-1', 'one', '']) {
    behaviour(`part number ${JSON.stringify(partNumber)}: InvalidArgument`, async () => {
      const upload = await Upload.create(s3, 'numbers');
      const query = { partNumber, uploadId: upload.UploadId };
      const answer = await s3.send({ method: 'PUT', key: 'numbers', query, body: tail });
      expect([answer.status, answer.code]).toEqual([400, 'InvalidArgument']);
      await upload.abort();
    });
  }

  behaviour('part 10000 is a part', async () => {
    const upload = await Upload.create(s3, 'highest');
    const { ETag } = await upload.part(10_000, tail);
    expect(ETag).toBe(`"${md5Hex(tail)}"`);
    await upload.abort();
  });

  behaviour('another upload id, or another key: NoSuchUpload', async () => {
    const upload = await Upload.create(s3, 'known');
    await expectError(new Upload(s3, 'known', noUploadId).part(1, tail), 'NoSuchUpload', 404);
    await expectError(new Upload(s3, 'other', upload.UploadId).part(1, tail), 'NoSuchUpload', 404);
    await upload.abort();
  });
});

describe('abort', () => {
  behaviour('ends the upload: everything after it is NoSuchUpload', async () => {
    const upload = await Upload.create(s3, 'aborted');
    const part = await upload.part(1, tail);
    await upload.abort();
    await expectError(upload.part(2, tail), 'NoSuchUpload', 404);
    await expectError(upload.complete([part]), 'NoSuchUpload', 404);
    await expectError(upload.list(), 'NoSuchUpload', 404);
    await expectError(upload.abort(), 'NoSuchUpload', 404);
    await expectError(head('aborted'), 'NotFound', 404);
  });

  behaviour('leaves another upload of the same key alone', async () => {
    const [one, other] = [await Upload.create(s3, 'twice'), await Upload.create(s3, 'twice')];
    const part = await other.part(1, tail);
    await one.abort();
    await other.complete([part]);
    expect(await head('twice')).toMatchObject({ ContentLength: 1234 });
  });
});
