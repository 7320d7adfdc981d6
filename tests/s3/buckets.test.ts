import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect } from 'vitest';
import { behaviour, expectError } from './support/behaviour.ts';
import { type ServerUnderTest, startServer } from './support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
});
afterAll(() => s3.stop());

const newName = () => `s3-suite-${randomBytes(6).toString('hex')}`;
const create = (Bucket: string) => s3.client.send(new CreateBucketCommand({ Bucket }));
const head = (Bucket: string) => s3.client.send(new HeadBucketCommand({ Bucket }));
const remove = (Bucket: string) => s3.client.send(new DeleteBucketCommand({ Bucket }));

behaviour('a bucket is there from its creation to its deletion', async () => {
  const Bucket = newName();
  await expectError(head(Bucket), 'NotFound', 404);
  await create(Bucket);
  await head(Bucket);
  expect((await s3.client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  await remove(Bucket);
  await expectError(head(Bucket), 'NotFound', 404);
  await expectError(s3.client.send(new ListObjectsV2Command({ Bucket })), 'NoSuchBucket', 404);
  await expectError(remove(Bucket), 'NoSuchBucket', 404);
});

behaviour('a bucket with an object in it stays', async () => {
  const Bucket = newName();
  await create(Bucket);
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
  await expectError(remove(Bucket), 'BucketNotEmpty', 409);
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
  await remove(Bucket);
});

behaviour("one's own bucket created again stays as it is", async () => {
  await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'k', Body: 'x' }));
  const outcome: unknown = await create(s3.bucket).then(
    () => 'kept',
    (error: unknown) => error,
  );
  if (outcome !== 'kept') expect(outcome).toMatchObject({ name: 'BucketAlreadyOwnedByYou' });
  expect((await s3.client.send(new ListObjectsV2Command({ Bucket: s3.bucket }))).KeyCount).toBe(1);
});

behaviour('a bucket says where it is', async () => {
  const { region } = s3.signer();
  const { LocationConstraint } = await s3.client.send(new GetBucketLocationCommand({ Bucket: s3.bucket }));
  expect(LocationConstraint ?? '').toBe(region === 'us-east-1' ? '' : region);
});

for (const name of [
  'ab',
  'UPPER-CASE',
  'under_score',
  '-dash-first',
  'dash-last-',
  'two..dots',
  '192.168.5.4',
  'x'.repeat(64),
]) {
  behaviour(`${name} is no name for a bucket`, async () => {
    await expectError(create(name), 'InvalidBucketName', 400);
  });
}
