/**
 * Print how fast the embedded S3 is with the SDK as its client, both in this process:
 * `node --import tsx tests/s3/speed.ts`. The numbers are for reading; nothing is asserted.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { openEmbeddedS3 } from '../../infra/local/s3/index.ts';

const credentials = { accessKeyId: 'speed', secretAccessKey: 'speed-secret' };
const region = 'eu-west-1';
const Bucket = 'speed';
const partBytes = 8 * 1024 ** 2;

const dataDir = await mkdtemp(join(tmpdir(), 'embedded-s3-speed-'));
const s3 = await openEmbeddedS3({ dataDir, region, credentials, buckets: [Bucket] });
const { url } = await s3.listen({ host: '127.0.0.1', port: 0 });
const client = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true });

try {
  for (const [sizeBytes, count] of [
    [1_000, 4_000],
    [100_000, 1_000],
    [1_000_000, 400],
  ] as const) {
    const Body = randomBytes(sizeBytes);
    const put = (index: number) =>
      client.send(new PutObjectCommand({ Bucket, Key: `${sizeBytes}/${index}`, Body }));
    await inParallel(50, 4, put);
    await report(`PutObject ${sizeBytes} bytes`, count, sizeBytes, () => inParallel(count, 4, put));
  }
  await report('GetObject 1000000 bytes', 400, 1_000_000, () =>
    inParallel(400, 4, async (index) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `1000000/${index}` }));
      await Body?.transformToByteArray();
    }),
  );
  const parts = 128;
  const Key = 'one-gibibyte';
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      Bucket,
      Key,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
    }),
  );
  const Body = randomBytes(partBytes);
  const uploaded: { PartNumber: number; ETag: string | undefined }[] = [];
  await report('UploadPart 8 MiB', parts, partBytes, () =>
    inParallel(parts, 2, async (index) => {
      const PartNumber = index + 1;
      const { ETag } = await client.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ChecksumAlgorithm: 'CRC32' }),
      );
      uploaded[index] = { PartNumber, ETag };
    }),
  );
  await report('CompleteMultipartUpload 1 GiB', 1, parts * partBytes, async () => {
    await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: uploaded } }),
    );
  });
  await report('GetObject 1 GiB', 1, parts * partBytes, async () => {
    const { Body: body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    if (body === undefined) throw new Error('no body');
    for await (const chunk of body.transformToWebStream()) void chunk;
  });
} finally {
  client.destroy();
  await s3.close();
  await rm(dataDir, { recursive: true });
}

async function report(
  name: string,
  count: number,
  sizeBytes: number,
  run: () => Promise<void>,
): Promise<void> {
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(startedCpu);
  const seconds = (performance.now() - startedMs) / 1000;
  const rate = (count / seconds).toFixed(0).padStart(7);
  const megabytes = ((count * sizeBytes) / seconds / 1e6).toFixed(0).padStart(7);
  const rssMegabytes = (process.memoryUsage().rss / 1e6).toFixed(0).padStart(5);
  const cpu = [user, system].map((us) => (us / 1000 / count).toFixed(2).padStart(8)).join(' + ');
  console.log(`${name.padEnd(32)} ${rate}/s ${megabytes} MB/s   rss ${rssMegabytes} MB   cpu ms each ${cpu}`);
}

async function inParallel(
  count: number,
  width: number,
  run: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await run(index);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
