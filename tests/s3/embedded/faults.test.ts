import {
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished } from 'vitest';
import type {
  EmbeddedS3,
  EmbeddedS3Options,
  FaultAction,
  FaultTarget,
} from '../../../infra/local/s3/index.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { expectError } from '../support/behaviour.ts';
import { bytesOf } from '../support/bytes.ts';
import {
  bucket as Bucket,
  credentials,
  inProcessClient,
  openInProcess,
  region,
} from '../support/in-process.ts';

const Key = 'k';

/** A server whose hook takes its next actions from a list, and both ways to reach it. */
async function open(options: Partial<EmbeddedS3Options> = {}) {
  const actions: FaultAction[] = [];
  const asked: FaultTarget[] = [];
  const s3 = await openInProcess(await tempFolder(), {
    onRequest: (target) => {
      asked.push(target);
      return actions.shift() ?? { kind: 'proceed' };
    },
    ...options,
  });
  const { url } = await s3.listen({ host: '127.0.0.1', port: 0 });
  const overHttp = new S3Client({
    endpoint: url,
    region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    overHttp.destroy();
    await s3.close();
  });
  return { s3, actions, asked, clients: { 'in process': inProcessClient(s3), 'over HTTP': overHttp } };
}

const put = (client: S3Client, Body: string | Uint8Array, more: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const read = async (client: S3Client) =>
  (await bytesOf(await client.send(new GetObjectCommand({ Bucket, Key })))).toString();
const isAbsent = (client: S3Client) =>
  expectError(client.send(new HeadObjectCommand({ Bucket, Key })), 'NotFound', 404);

describe.each(['in process', 'over HTTP'] as const)('the fault hook, %s', (way) => {
  const table: readonly (readonly [string, FaultAction, object, 'done' | 'not done'])[] = [
    [
      'an answer in place of the request',
      { kind: 'answer', status: 503, code: 'SlowDown' },
      { name: 'SlowDown', $metadata: { httpStatusCode: 503 } },
      'not done',
    ],
    [
      'another answer after the request',
      { kind: 'answer-after', status: 500, code: 'InternalError', message: 'told otherwise' },
      { name: 'InternalError', message: 'told otherwise', $metadata: { httpStatusCode: 500 } },
      'done',
    ],
    ['a reset in place of the request', { kind: 'reset' }, { code: 'ECONNRESET' }, 'not done'],
    ['the answer lost', { kind: 'reset-after' }, { code: 'ECONNRESET' }, 'done'],
  ];
  for (const [title, action, error, outcome] of table) {
    it(`${title}: ${outcome}`, async () => {
      const { actions, clients } = await open();
      const client = clients[way];
      actions.push(action);
      await expect(put(client, 'bytes')).rejects.toMatchObject(error);
      if (outcome === 'done') expect(await read(client)).toBe('bytes');
      else await isAbsent(client);
    });
  }

  it('a large body is not read for an answer that does not need it', async () => {
    const { actions, clients } = await open();
    actions.push({ kind: 'answer', status: 503, code: 'SlowDown' });
    await expectError(put(clients[way], Buffer.alloc(20_000_000)), 'SlowDown', 503);
    await isAbsent(clients[way]);
  });

  it('a delayed request is done later', async () => {
    const { actions, clients } = await open();
    actions.push({ kind: 'delay', delayMs: 5 });
    await put(clients[way], 'late');
    expect(await read(clients[way])).toBe('late');
  });

  it('an answer breaks off where it was told to', async () => {
    const { actions, clients } = await open();
    const body = Buffer.alloc(3_000_000, 'x');
    await put(clients[way], body);
    for (const afterBytes of [0, 100, 2_000_000]) {
      actions.push({ kind: 'cut-answer', afterBytes });
      const cut = clients[way].send(new GetObjectCommand({ Bucket, Key })).then(bytesOf);
      await expect(cut).rejects.toThrow();
    }
    expect(await read(clients[way])).toBe(body.toString());
  });
});

describe('the fault hook', () => {
  it('is told what the request is about, and of retries too', async () => {
    const { actions, asked, s3 } = await open();
    const client = inProcessClient(s3, { maxAttempts: 2, retryStrategy: immediately });
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    actions.push({ kind: 'answer', status: 500, code: 'InternalError' });
    const id = { Bucket, Key, UploadId };
    await client.send(new UploadPartCommand({ ...id, PartNumber: 7, Body: Buffer.from('part') }));
    const expected = { name: 'UploadPart', bucket: Bucket, key: Key, uploadId: UploadId, partNumber: 7 };
    expect(asked).toMatchObject([
      { name: 'CreateMultipartUpload', bucket: Bucket, key: Key, uploadId: undefined, partNumber: undefined },
      { ...expected, contentLengthBytes: 4 },
      { ...expected, contentLengthBytes: 4 },
    ]);
    expect(s3.stats().UploadPart).toMatchObject({ requests: 2, failures: 1, bytesWritten: 4 });
  });

  it('may take its time, while other requests go on', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { clients } = await open({
      onRequest: async ({ name }) => {
        if (name === 'PutObject') await held;
        return { kind: 'proceed' };
      },
    });
    const client = clients['in process'];
    const writing = put(client, 'held');
    await isAbsent(client);
    release();
    await writing;
    expect(await read(client)).toBe('held');
  });

  it('can make Complete fail inside a 200, as S3 does when it fails late', async () => {
    const { actions, clients } = await open();
    const client = clients['in process'];
    const upload = await uploadOf(client, 'body');
    actions.push({ kind: 'answer', status: 200, code: 'InternalError' });
    await expect(upload.complete()).rejects.toMatchObject({ name: 'InternalError' });
    await isAbsent(client);
    await upload.complete();
    expect(await read(client)).toBe('body');
  });
});

/** The SDK's retry without its waiting. */
const immediately = {
  mode: 'standard',
  acquireInitialRetryToken: async () => token(0),
  refreshRetryTokenForRetry: async (previous: { getRetryCount(): number }) => {
    if (previous.getRetryCount() >= 1) throw new Error('enough');
    return token(previous.getRetryCount() + 1);
  },
  recordSuccess: () => undefined,
};
function token(count: number) {
  return { getRetryCount: () => count, getRetryDelay: () => 0 };
}

async function uploadOf(client: S3Client, body: string) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const id = { Bucket, Key, UploadId };
  const { ETag } = await client.send(
    new UploadPartCommand({ ...id, PartNumber: 1, Body: Buffer.from(body) }),
  );
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  return {
    complete: (more: Partial<CompleteMultipartUploadCommandInput> = {}) =>
      client.send(new CompleteMultipartUploadCommand({ ...id, MultipartUpload, ...more })),
    parts: async () => (await client.send(new ListPartsCommand(id))).Parts,
  };
}

describe('a conflict at Complete', () => {
  async function withConflict(upload: 'kept' | 'destroyed', requests: 'conditional' | 'any') {
    const { s3, clients } = await open();
    s3.conflictOnComplete({ bucket: Bucket, key: Key, upload, requests });
    return clients['in process'];
  }

  it('is answered once and may keep the upload', async () => {
    const client = await withConflict('kept', 'any');
    const upload = await uploadOf(client, 'body');
    await expectError(upload.complete(), 'ConditionalRequestConflict', 409);
    expect(await upload.parts()).toHaveLength(1);
    await upload.complete();
    expect(await read(client)).toBe('body');
  });

  it('may destroy the upload', async () => {
    const client = await withConflict('destroyed', 'any');
    const upload = await uploadOf(client, 'body');
    await expectError(upload.complete(), 'ConditionalRequestConflict', 409);
    await expectError(upload.parts(), 'NoSuchUpload', 404);
    await expectError(upload.complete(), 'NoSuchUpload', 404);
    await isAbsent(client);
  });

  it('may wait for a conditional request', async () => {
    const client = await withConflict('kept', 'conditional');
    await (await uploadOf(client, 'unconditional')).complete();
    const upload = await uploadOf(client, 'conditional');
    await expectError(upload.complete({ IfMatch: '*' }), 'ConditionalRequestConflict', 409);
    await upload.complete({ IfMatch: '*' });
    expect(await read(client)).toBe('conditional');
  });

  it('leaves other keys alone', async () => {
    const { s3, clients } = await open();
    s3.conflictOnComplete({ bucket: Bucket, key: 'other', upload: 'kept', requests: 'any' });
    await (await uploadOf(clients['in process'], 'body')).complete();
  });
});

describe('a Complete repeated', () => {
  async function completeTwice(
    repeatedComplete: NonNullable<EmbeddedS3Options['repeatedComplete']>,
    second: Partial<CompleteMultipartUploadCommandInput>,
  ): Promise<{ s3: EmbeddedS3; first: string | undefined; outcome: Promise<string | undefined> }> {
    const { s3, clients } = await open({ repeatedComplete });
    const upload = await uploadOf(clients['in process'], 'body');
    const { ETag } = await upload.complete({ IfNoneMatch: '*' });
    return { s3, first: ETag, outcome: upload.complete(second).then((answer) => answer.ETag) };
  }

  it('succeeds with the same ETag, where the switch says so', async () => {
    for (const more of [{}, { IfNoneMatch: '*' }]) {
      const { first, outcome } = await completeTwice('succeeds', more);
      expect(await outcome).toBe(first);
    }
  });

  it('finds no upload, where the switch says so', async () => {
    for (const more of [{}, { IfNoneMatch: '*' }]) {
      const { outcome } = await completeTwice('no-such-upload', more);
      await expectError(outcome, 'NoSuchUpload', 404);
    }
  });

  it('meets its own object, where the switch says so', async () => {
    const conditional = await completeTwice('precondition-first', { IfNoneMatch: '*' });
    await expectError(conditional.outcome, 'PreconditionFailed', 412);
    const plain = await completeTwice('precondition-first', {});
    await expectError(plain.outcome, 'NoSuchUpload', 404);
  });

  it('finds no upload once its object was replaced', async () => {
    const { clients } = await open({ repeatedComplete: 'succeeds' });
    const client = clients['in process'];
    const upload = await uploadOf(client, 'body');
    await upload.complete();
    await put(client, 'another');
    await expectError(upload.complete(), 'NoSuchUpload', 404);
    expect(await read(client)).toBe('another');
  });
});
