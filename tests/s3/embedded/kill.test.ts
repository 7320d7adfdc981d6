import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { bytesOf, md5Hex, patternedBytes } from '../support/bytes.ts';
import {
  bucket as Bucket,
  credentials,
  inProcessClient,
  openInProcess,
  region,
} from '../support/in-process.ts';

const childScript = fileURLToPath(new URL('../support/child-server.ts', import.meta.url));
const sizes = [0, 100, 70_000, 1_000_000, 3_000_000];

/** The digest of a key's bytes; `undefined` is an absent key. */
type Content = string | undefined;

/** One client: what it was answered, and the one thing that it was not answered yet. */
class Writer {
  readonly #id: number;
  readonly known = new Map<string, Content>();
  underWay: { readonly key: string; readonly content: Content } | undefined;
  readonly abortedUploads: string[] = [];
  #seed = 0;

  constructor(id: number) {
    this.#id = id;
  }

  /** Write, overwrite, complete, abort and delete until the server is gone. */
  async run(client: S3Client, answered: () => void): Promise<never> {
    for (;;) {
      this.#seed += 1;
      const key = `writer-${this.#id}/${this.#seed % 4}`;
      const body = patternedBytes(sizes[this.#seed % sizes.length] ?? 0, this.#id * 1_000_003 + this.#seed);
      const kind = this.#seed % 7;
      if (kind === 6)
        await this.#change(key, undefined, () => client.send(new DeleteObjectCommand({ Bucket, Key: key })));
      else if (kind >= 4) await this.#inParts(client, key, body, kind === 4);
      else
        await this.#change(key, md5Hex(body), () =>
          client.send(new PutObjectCommand({ Bucket, Key: key, Body: body })),
        );
      answered();
    }
  }

  async #inParts(client: S3Client, Key: string, body: Buffer, isKept: boolean): Promise<void> {
    const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const id = { Bucket, Key, UploadId };
    const cut = Math.max(10, Math.floor(body.byteLength / 2));
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (const [index, Body] of [body.subarray(0, cut), body.subarray(cut)].entries()) {
      const PartNumber = index + 1;
      const { ETag } = await client.send(new UploadPartCommand({ ...id, PartNumber, Body }));
      Parts.push({ PartNumber, ETag });
    }
    if (!isKept || body.byteLength < 10) {
      await client.send(new AbortMultipartUploadCommand(id));
      this.abortedUploads.push(UploadId);
      return;
    }
    await this.#change(Key, md5Hex(body), () =>
      client.send(new CompleteMultipartUploadCommand({ ...id, MultipartUpload: { Parts } })),
    );
  }

  async #change(key: string, content: Content, send: () => Promise<unknown>): Promise<void> {
    this.underWay = { key, content };
    await send();
    this.known.set(key, content);
    this.underWay = undefined;
  }
}

it('killed in the middle of writes again and again, it loses nothing answered and shows nothing half written', async () => {
  const dataDir = await tempFolder();
  const writers = Array.from({ length: 4 }, (_, id) => new Writer(id));
  for (const answersBeforeKill of [1, 7, 40, 90]) {
    const { child, url } = await startChild(dataDir);
    const client = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true, maxAttempts: 1 });
    let answers = 0;
    const answered = () => {
      answers += 1;
      if (answers === answersBeforeKill) child.kill('SIGKILL');
    };
    const outcomes = await Promise.allSettled(writers.map((writer) => writer.run(client, answered)));
    client.destroy();
    for (const outcome of outcomes) {
      // A refusal with a status would be the server's fault, not the kill's.
      if (outcome.status === 'rejected') expect(outcome.reason.$metadata?.httpStatusCode).toBeUndefined();
    }
    expect(child.signalCode ?? (await once(child, 'exit'))[1]).toBe('SIGKILL');
    for (const writer of writers) await check(dataDir, writer);
  }
});

it('parts that were answered are there after a kill, and the upload can be completed', async () => {
  const dataDir = await tempFolder();
  const { child, url } = await startChild(dataDir);
  const client = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  const id = { Bucket, Key: 'resumed' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(id));
  const bodies = [patternedBytes(2_000_000, 1), patternedBytes(10, 2), patternedBytes(700_000, 3)];
  for (const [index, Body] of bodies.entries()) {
    await client.send(new UploadPartCommand({ ...id, UploadId, PartNumber: index + 1, Body }));
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  client.destroy();

  const s3 = await openInProcess(dataDir);
  const after = inProcessClient(s3);
  const { Parts = [] } = await after.send(new ListPartsCommand({ ...id, UploadId }));
  expect(Parts.map(({ Size }) => Size)).toEqual([2_000_000, 10, 700_000]);
  const MultipartUpload = { Parts: Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) };
  await after.send(new CompleteMultipartUploadCommand({ ...id, UploadId, MultipartUpload }));
  expect((await bytesOf(await after.send(new GetObjectCommand(id)))).equals(Buffer.concat(bodies))).toBe(
    true,
  );
  await s3.close();
});

/** Open what the killed process left, compare, and take over what the unanswered request came to. */
async function check(dataDir: string, writer: Writer): Promise<void> {
  const s3 = await openInProcess(dataDir);
  const client = inProcessClient(s3);
  const keys = new Set([
    ...writer.known.keys(),
    ...(writer.underWay === undefined ? [] : [writer.underWay.key]),
  ]);
  for (const key of keys) {
    const content = await contentOf(client, key);
    const allowed = [writer.known.get(key)];
    if (writer.underWay?.key === key) allowed.push(writer.underWay.content);
    expect(allowed, key).toContain(content);
    writer.known.set(key, content);
  }
  writer.underWay = undefined;
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  const open = Uploads.map(({ UploadId }) => UploadId);
  expect(writer.abortedUploads.filter((uploadId) => open.includes(uploadId))).toEqual([]);
  await s3.close();
}

async function contentOf(client: S3Client, Key: string): Promise<Content> {
  try {
    return md5Hex(await bytesOf(await client.send(new GetObjectCommand({ Bucket, Key }))));
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    throw error;
  }
}

async function startChild(dataDir: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), childScript, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  for await (const url of createInterface({ input: child.stdout })) return { child, url };
  throw new Error('The child ended without a URL.');
}
