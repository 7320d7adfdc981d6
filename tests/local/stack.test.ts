import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterEach, expect, test } from 'vitest';
import type { AccessRecord } from '../../infra/local/alb/front-door.ts';
import { type LocalStack, type LocalStackOptions, startLocalStack } from '../../infra/local/stack.ts';
import { readStackFile } from '../support/stack-file.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { createSession, sendFragment, sendPacket } from './packets.ts';

const stacks: LocalStack[] = [];

afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.stop();
});

async function start(options: Partial<LocalStackOptions> = {}): Promise<LocalStack> {
  const stack = await startLocalStack({ dataDir: await tempFolder(), ...options });
  stacks.push(stack);
  return stack;
}

function s3Client({ s3 }: LocalStack): S3Client {
  return new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    credentials: s3.credentials,
    forcePathStyle: true,
  });
}

async function keys(stack: LocalStack, bucket: string): Promise<(string | undefined)[]> {
  const { Contents = [] } = await s3Client(stack).send(new ListObjectsV2Command({ Bucket: bucket }));
  return Contents.map(({ Key }) => Key);
}

test('a file that goes in as packets comes out of S3, through the real functions', async () => {
  const records: AccessRecord[] = [];
  const stack = await start({ onAnswer: (record) => records.push(record) });
  const url = `${stack.url}/uploads/a/report.bin`;
  const file = randomBytes(250_000);

  expect(await sendPacket(url, 'Ping')).toMatchObject({
    status: 200,
    headers: { 'bits-packet-type': 'Ack' },
  });
  const session = await createSession(url);
  for (let first = 0; first < file.length; first += 100_000) {
    const next = String(Math.min(first + 100_000, file.length));
    expect(await sendFragment(url, session, file, first, 100_000)).toMatchObject({
      status: 200,
      headers: { 'bits-received-content-range': next },
    });
  }
  expect(await keys(stack, stack.buckets.upload)).toEqual([]);
  expect(await sendPacket(url, 'Close-Session', { 'BITS-Session-Id': session })).toMatchObject({
    status: 200,
  });

  const Bucket = stack.buckets.upload;
  const object = await s3Client(stack).send(new GetObjectCommand({ Bucket, Key: 'a/report.bin' }));
  expect(Buffer.from((await object.Body?.transformToByteArray()) ?? [])).toEqual(file);
  expect(await keys(stack, stack.buckets.staging)).toEqual([]);
  expect(stack.s3.server.stats().CompleteMultipartUpload.requests).toBe(1);
  expect(records.map(({ functionName, status }) => `${functionName} ${status}`)).toEqual([
    'ping 200',
    'createSession 200',
    'fragment 200',
    'fragment 200',
    'fragment 200',
    'closeSession 200',
  ]);
});

test('an unknown packet type is answered with an Ack, another method with the bare 404', async () => {
  const stack = await start();
  const url = `${stack.url}/uploads/f`;
  expect(await sendPacket(url, 'Resume-Session')).toMatchObject({
    status: 400,
    headers: { 'bits-packet-type': 'Ack', 'bits-error-code': '0x80070057' },
  });
  const plain = await fetch(url, { method: 'POST' });
  expect([plain.status, plain.headers.get('bits-packet-type')]).toEqual([404, null]);
});

test('sessions and bytes outlive the stack', async () => {
  const dataDir = await tempFolder();
  const file = randomBytes(3000);
  const first = await start({ dataDir });
  const session = await createSession(`${first.url}/uploads/f.bin`);
  await sendFragment(`${first.url}/uploads/f.bin`, session, file, 0, 1000);
  await first.stop();

  const second = await start({ dataDir });
  const url = `${second.url}/uploads/f.bin`;
  expect(await sendFragment(url, session, file, 1000, 2000)).toMatchObject({ status: 200 });
  expect(await sendPacket(url, 'Close-Session', { 'BITS-Session-Id': session })).toMatchObject({
    status: 200,
  });
  const object = await s3Client(second).send(
    new GetObjectCommand({ Bucket: second.buckets.upload, Key: 'f.bin' }),
  );
  expect(Buffer.from((await object.Body?.transformToByteArray()) ?? [])).toEqual(file);
});

test('stop lets the request that is under way finish, and may be called twice', async () => {
  let reached = () => {};
  const underWay = new Promise<void>((resolve) => {
    reached = resolve;
  });
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const stack = await start({
    s3: {
      onRequest: async ({ name }) => {
        if (name === 'CreateMultipartUpload') {
          reached();
          await answered;
        }
        return { kind: 'proceed' };
      },
    },
  });
  const url = `${stack.url}/uploads/f.bin`;
  const session = await createSession(url);
  const fragment = sendFragment(url, session, randomBytes(10), 0, 10);
  await underWay;
  const stopping = stack.stop();
  await expect(sendPacket(url, 'Ping')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  answer();
  expect(await fragment).toMatchObject({ status: 200, headers: { connection: 'close' } });
  await stopping;
  await stack.stop();
  expect(await readdir(stack.dataDir)).not.toContain('stack.json');
});

test('stack.json says what runs where', async () => {
  const stack = await start();
  expect(await readStackFile(stack.dataDir)).toEqual({
    bits: stack.url,
    s3: { endpoint: stack.s3.endpoint, region: 'us-east-1', ...stack.s3.credentials },
    dynamodb: { endpoint: stack.dynamodb.endpoint, table: 'bits-sessions' },
    buckets: { staging: 'bits-staging', upload: 'bits-uploads' },
    destinations: [
      {
        prefix: '/uploads/',
        bucket: 'bits-uploads',
        fragmentLimitBytes: 1_000_000,
        maximumUploadBytes: 80 * 1024 ** 3,
        allowOverwrites: false,
        enabled: true,
      },
    ],
    pid: process.pid,
  });
});

test('buckets of destinations are made, and a destination in the staging bucket is refused', async () => {
  const folder = await tempFolder();
  const destinationsFile = join(folder, 'destinations.yml');
  const destinations = (bucket: string) =>
    `destinations: [{ prefix: /d/, bucket: ${bucket}, maximumUploadSize: 1GiB, access: none }]`;
  await writeFile(destinationsFile, destinations('crash-dumps'));
  const stack = await start({ destinationsFile });
  expect(await keys(stack, 'crash-dumps')).toEqual([]);
  await writeFile(destinationsFile, destinations('bits-staging'));
  await expect(start({ destinationsFile })).rejects.toMatchObject({
    code: 'BAD_DESTINATIONS',
    message: expect.stringMatching(/destinations\[0\]\.bucket/),
  });
});

test('a start that fails leaves nothing running and the folder free', async () => {
  const dataDir = await tempFolder();
  const other = await start();
  const port = Number(new URL(other.url).port);
  await expect(start({ dataDir, port })).rejects.toMatchObject({ code: 'PORT_UNAVAILABLE' });
  const stack = await start({ dataDir });
  expect(await sendPacket(`${stack.url}/uploads/f`, 'Ping')).toMatchObject({ status: 200 });
});

test('two stacks never share a folder', async () => {
  const { dataDir } = await start();
  await expect(start({ dataDir })).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
});

test.each([
  ['serviceFile', 'BAD_SERVICE'],
  ['storageFile', 'BAD_STORAGE_TEMPLATE'],
  ['destinationsFile', 'BAD_DESTINATIONS'],
])('a %s that is not there is named', async (option, code) => {
  const file = join(await tempFolder(), 'missing.yml');
  await expect(start({ [option]: file })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(file),
  });
});

test('a service whose handler is not there, or is no function of ours, is refused', async () => {
  const serviceFile = join(await tempFolder(), 'serverless.yml');
  const service = (handler: string) => `
provider: { name: aws }
functions:
  fragment:
    handler: ${handler}
    events: [{ alb: { priority: 1, conditions: { method: BITS_POST } } }]
`;
  await writeFile(serviceFile, service('functions/nowhere.handler'));
  await expect(start({ serviceFile })).rejects.toMatchObject({
    code: 'BAD_SERVICE',
    message: expect.stringMatching(/function fragment: functions\/nowhere\.ts cannot be loaded/),
  });
  await writeFile(serviceFile, service('infra/local/errors.handler'));
  await expect(start({ serviceFile })).rejects.toMatchObject({
    code: 'BAD_SERVICE',
    message: expect.stringMatching(/exports no compose/),
  });
});
