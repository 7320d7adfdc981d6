import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type ClientRequest, get as httpGet, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { expectError } from '../support/behaviour.ts';
import { bytesOf } from '../support/bytes.ts';
import { bucket as Bucket, credentials, openInProcess, region } from '../support/in-process.ts';
import { sendRaw } from '../support/server-under-test.ts';
import { presign, sha256, signHeaders } from '../support/signing.ts';

const Key = 'k';
const signer = () => ({ ...credentials, region, signedAt: new Date() });

async function open() {
  const dataDir = await tempFolder();
  const s3 = await openInProcess(dataDir);
  const server = await s3.listen({ host: '127.0.0.1', port: 0 });
  const url = new URL(server.url);
  const client = new S3Client({
    endpoint: url.href,
    region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    await s3.close();
  });
  return { s3, url, client, dataDir, server };
}

/** A PutObject whose body is left to the caller. */
function startPut(url: URL, lengthBytes: number): ClientRequest {
  const request = { method: 'PUT', path: `/${Bucket}/${Key}`, headers: { host: url.host } };
  const { path, headers } = signHeaders(request, 'UNSIGNED-PAYLOAD', signer());
  return httpRequest(url, {
    method: 'PUT',
    path,
    headers: { ...headers, 'content-length': String(lengthBytes) },
    agent: false,
  });
}

/** Wait, a turn of the event loop at a time, for what the server does on its own account. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await nextTurn();
}

describe('over HTTP', () => {
  it.each([0, 100, 3_000_000])(
    'a client that leaves after %d bytes of a body leaves nothing',
    async (sentBytes) => {
      const { s3, url, client, dataDir } = await open();
      const put = startPut(url, 5_000_000);
      put.on('error', () => undefined);
      put.flushHeaders();
      put.write(Buffer.alloc(sentBytes));
      await until(() => s3.stats().PutObject.requests === 1);
      put.destroy();
      await until(() => s3.stats().PutObject.failures === 1);
      await expectError(client.send(new HeadObjectCommand({ Bucket, Key })), 'NotFound', 404);
      expect(await readdir(join(dataDir, 'tmp'))).toEqual([]);
    },
  );

  it('a client that leaves a download lets the files of a deleted object go', async () => {
    const { client, url, dataDir } = await open();
    const id = { Bucket, Key };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(id));
    const Parts = await Promise.all(
      [1, 2, 3].map(async (PartNumber) => {
        const Body = Buffer.alloc(8_000_000, PartNumber);
        const { ETag } = await client.send(new UploadPartCommand({ ...id, UploadId, PartNumber, Body }));
        return { PartNumber, ETag };
      }),
    );
    await client.send(new CompleteMultipartUploadCommand({ ...id, UploadId, MultipartUpload: { Parts } }));
    const request = { method: 'GET', path: `/${Bucket}/${Key}`, headers: { host: url.host } };
    const download = httpGet(new URL(presign(request, 60, signer()).path, url), { agent: false });
    const [answer] = await once(download, 'response');
    await once(answer, 'readable');
    await client.send(new DeleteObjectCommand(id));
    const records = () => readdir(join(dataDir, 'records'));
    expect(await records()).toHaveLength(1 + 3);
    answer.destroy();
    await until(async () => (await records()).length === 1);
  });

  it('close lets an upload under way finish, and takes no other', async () => {
    const { s3, url, dataDir } = await open();
    const put = startPut(url, 2_000_000);
    put.write(Buffer.alloc(1_000_000));
    await until(() => s3.stats().PutObject.requests === 1);
    const closing = s3.close();
    const refused = new Promise((resolve) => startPut(url, 0).on('error', resolve).end());
    expect(await refused).toMatchObject({ code: 'ECONNREFUSED' });
    put.end(Buffer.alloc(1_000_000));
    const [answer] = await once(put, 'response');
    expect(answer.statusCode).toBe(200);
    answer.resume();
    await closing;
    const again = await openInProcess(dataDir);
    const path = `/${Bucket}/${Key}`;
    const head = signHeaders({ method: 'HEAD', path, headers: { host: 'x' } }, sha256(''), signer());
    const { headers } = await again.handle({ method: 'HEAD', ...head });
    expect(headers['content-length']).toBe('2000000');
    await again.close();
  });

  it('a body without a length is 411', async () => {
    const { url } = await open();
    const put = startPut(url, 0);
    put.removeHeader('content-length');
    put.setHeader('transfer-encoding', 'chunked');
    put.end('bytes');
    const [answer] = await once(put, 'response');
    expect(answer.statusCode).toBe(411);
    answer.resume();
  });

  it('the bucket may stand in the host name', async () => {
    const { client, url } = await open();
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'bytes' }));
    const request = { method: 'GET', path: `/${Key}`, headers: { host: `${Bucket}.localhost:${url.port}` } };
    const signed = signHeaders(request, sha256(''), signer());
    const answer = await sendRaw(url, { method: 'GET', ...signed });
    expect([answer.status, answer.body.toString()]).toEqual([200, 'bytes']);
  });

  it('one connection serves answers with and without a body, one after the other', async () => {
    const { client } = await open();
    for (const size of [0, 10, 2_500_000]) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(size, 'x') }));
      expect((await client.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength).toBe(size);
      await expectError(client.send(new HeadObjectCommand({ Bucket, Key: 'absent' })), 'NotFound', 404);
      expect(await bytesOf(await client.send(new GetObjectCommand({ Bucket, Key })))).toHaveLength(size);
    }
  });
});
