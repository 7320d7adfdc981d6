import {
  type ChecksumAlgorithm,
  type ChecksumType,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type UploadPartCommandOutput,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { behaviour, expectError } from './support/behaviour.ts';
import { bytesOf, patternedBytes } from './support/bytes.ts';
import { type Algorithm, digits, field, header, known, wrong } from './support/checksums.ts';
import { checksumsOf } from './support/requests.ts';
import { type ServerUnderTest, startServer } from './support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
});
afterAll(() => s3.stop());

const { head, isAbsent } = checksumsOf(() => s3);

describe('of an upload in parts', () => {
  const bodies = [
    patternedBytes(5 * 1024 ** 2 + 17, 1),
    patternedBytes(5 * 1024 ** 2, 2),
    patternedBytes(999, 3),
  ];
  const whole = Buffer.concat(bodies);

  async function upload(
    Key: string,
    ChecksumAlgorithm: ChecksumAlgorithm,
    ChecksumType: ChecksumType | undefined,
    parts: readonly Uint8Array[] = bodies,
  ) {
    const { UploadId } = await s3.client.send(
      new CreateMultipartUploadCommand({ Bucket: s3.bucket, Key, ChecksumAlgorithm, ChecksumType }),
    );
    const id = { Bucket: s3.bucket, Key, UploadId };
    const answers: UploadPartCommandOutput[] = [];
    for (const [index, Body] of parts.entries()) {
      const PartNumber = index + 1;
      answers.push(
        await s3.client.send(new UploadPartCommand({ ...id, PartNumber, Body, ChecksumAlgorithm })),
      );
    }
    return {
      id,
      answers,
      complete: (algorithm: Algorithm | undefined, more: Partial<CompleteMultipartUploadCommandInput> = {}) =>
        s3.client.send(
          new CompleteMultipartUploadCommand({
            ...id,
            MultipartUpload: {
              Parts: answers.map((answer, index) => ({
                PartNumber: index + 1,
                ETag: answer.ETag,
                ...(algorithm === undefined ? {} : { [field(algorithm)]: answer[field(algorithm)] }),
              })),
            },
            ...more,
          }),
        ),
    };
  }

  /** The same bytes written at once: another way to the same value. */
  async function fullObjectChecksum(algorithm: Algorithm): Promise<string> {
    const answer = await s3.client.send(
      new PutObjectCommand({ Bucket: s3.bucket, Key: 'whole', Body: whole, ChecksumAlgorithm: algorithm }),
    );
    return answer[field(algorithm)] ?? '';
  }

  for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME'] as const) {
    behaviour(`${algorithm} FULL_OBJECT is the checksum of the bytes, verified at Complete`, async () => {
      const expected = await fullObjectChecksum(algorithm);
      const Key = `full-${algorithm}`;
      const { complete } = await upload(Key, algorithm, 'FULL_OBJECT');
      const claim = (value: string) =>
        complete(undefined, { [field(algorithm)]: value, ChecksumType: 'FULL_OBJECT' });
      await expectError(claim(wrong[algorithm]), 'BadDigest', 400);
      await isAbsent(Key);
      const answer = await claim(expected);
      expect(answer).toMatchObject({ [field(algorithm)]: expected, ChecksumType: 'FULL_OBJECT' });
      expect(await head(Key)).toMatchObject({ [field(algorithm)]: expected, ChecksumType: 'FULL_OBJECT' });
      const got = await s3.client.send(
        new GetObjectCommand({ Bucket: s3.bucket, Key, ChecksumMode: 'ENABLED' }),
      );
      expect((await bytesOf(got)).equals(whole)).toBe(true);
    });
  }

  for (const algorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
    behaviour(`${algorithm} COMPOSITE is the checksum of the parts' checksums`, async () => {
      const Key = `composite-${algorithm}`;
      const { complete, answers } = await upload(Key, algorithm, undefined);
      const sums = Buffer.concat(
        answers.map((answer) => Buffer.from(answer[field(algorithm)] ?? '', 'base64')),
      );
      const { [field(algorithm)]: ofSums } = await s3.client.send(
        new PutObjectCommand({ Bucket: s3.bucket, Key: 'sums', Body: sums, ChecksumAlgorithm: algorithm }),
      );
      const answer = await complete(algorithm);
      expect(answer).toMatchObject({ [field(algorithm)]: `${ofSums}-3`, ChecksumType: 'COMPOSITE' });
      expect(await head(Key)).toMatchObject({ [field(algorithm)]: `${ofSums}-3`, ChecksumType: 'COMPOSITE' });
    });
  }

  const one = [patternedBytes(10, 9)];

  behaviour('COMPOSITE wants the checksum of every part at Complete', async () => {
    const { complete } = await upload('composite-bare', 'CRC32', 'COMPOSITE', one);
    await expectError(complete(undefined), 'InvalidRequest', 400);
    await complete('CRC32');
  });

  behaviour('another checksum for a part than the stored one: InvalidPart', async () => {
    const { id, answers } = await upload('part-sum', 'CRC32', 'FULL_OBJECT', one);
    const Parts = [{ PartNumber: 1, ETag: answers[0]?.ETag, ChecksumCRC32: wrong.CRC32 }];
    const outcome = s3.client.send(new CompleteMultipartUploadCommand({ ...id, MultipartUpload: { Parts } }));
    await expectError(outcome, 'InvalidPart', 400);
  });

  behaviour('a part with a wrong checksum is refused and not listed', async () => {
    const { id } = await upload('bad-part', 'CRC32', 'FULL_OBJECT', one);
    const answer = await s3.send({
      method: 'PUT',
      key: 'bad-part',
      query: { partNumber: '2', uploadId: id.UploadId ?? '' },
      headers: { [header('CRC32')]: wrong.CRC32 },
      body: digits,
    });
    expect([answer.status, answer.code]).toEqual([400, 'BadDigest']);
    const { Parts, ChecksumAlgorithm, ChecksumType } = await s3.client.send(new ListPartsCommand(id));
    expect(Parts?.map(({ PartNumber }) => PartNumber)).toEqual([1]);
    expect([ChecksumAlgorithm, ChecksumType]).toEqual(['CRC32', 'FULL_OBJECT']);
  });

  behaviour('a part with another algorithm than the upload is refused', async () => {
    const { id } = await upload('mixed', 'CRC32', 'FULL_OBJECT', []);
    const outcome = s3.client.send(
      new UploadPartCommand({ ...id, PartNumber: 1, Body: digits, ChecksumAlgorithm: 'SHA256' }),
    );
    await expectError(outcome, 'InvalidRequest', 400);
  });

  behaviour('Complete with another type, or a checksum that the upload has not, is refused', async () => {
    const { complete } = await upload('types', 'CRC32', 'FULL_OBJECT', one);
    await expectError(complete(undefined, { ChecksumType: 'COMPOSITE' }), 'InvalidRequest', 400);
    await expectError(complete(undefined, { ChecksumSHA256: known.SHA256 }), 'InvalidRequest', 400);
    await complete(undefined);
  });

  const impossible: readonly (readonly [ChecksumAlgorithm, ChecksumType])[] = [
    ['CRC64NVME', 'COMPOSITE'],
    ['SHA1', 'FULL_OBJECT'],
    ['SHA256', 'FULL_OBJECT'],
  ];
  for (const [algorithm, type] of impossible) {
    behaviour(`${algorithm} has no ${type}`, async () => {
      await expectError(upload('impossible', algorithm, type, []), 'InvalidRequest', 400);
    });
  }

  behaviour('parts with the checksums that the SDK adds unasked complete without any', async () => {
    const Key = 'unasked';
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: s3.bucket, Key }));
    const id = { Bucket: s3.bucket, Key, UploadId };
    const { ETag, ChecksumCRC32 } = await s3.client.send(
      new UploadPartCommand({ ...id, PartNumber: 1, Body: digits }),
    );
    expect(ChecksumCRC32).toBe(known.CRC32);
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await s3.client.send(new CompleteMultipartUploadCommand({ ...id, MultipartUpload }));
    expect(await head(Key)).toMatchObject({ ContentLength: 9 });
  });
});
