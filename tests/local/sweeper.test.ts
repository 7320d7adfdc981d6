import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test } from 'vitest';
import { type LocalStackOptions, startLocalStack } from '../../infra/local/stack.ts';
import { type SweeperOptions, startSweeper } from '../../infra/local/sweeper.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { createSession, sendFragment, sendPacket } from './packets.ts';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** As good as never: a task that a test does not ask for. */
const neverMs = 2 ** 30;
const never = {
  expiredEveryMs: neverMs,
  dueEveryMs: neverMs,
  orphansAfterMs: neverMs,
  orphansEveryMs: neverMs,
};

async function start(options: Partial<LocalStackOptions> = {}) {
  const stack = await startLocalStack({ dataDir: await tempFolder(), ...options });
  const { s3, dynamodb } = stack;
  const common = { region: s3.region, credentials: s3.credentials };
  const s3Client = new S3Client({ ...common, endpoint: s3.endpoint, forcePathStyle: true });
  const database = new DynamoDBClient({ ...common, endpoint: dynamodb.endpoint });
  closers.push(
    () => stack.stop(),
    () => s3Client.destroy(),
    () => database.destroy(),
  );
  return { stack, s3: s3Client, database };
}

type Running = Awaited<ReturnType<typeof start>>;

const keyOf = (session: string) => ({ sessionId: { S: session.slice(1, -1) } });

const itemOf = async ({ stack, database }: Running, session: string) => {
  const read = { TableName: stack.dynamodb.table, Key: keyOf(session), ConsistentRead: true };
  return (await database.send(new GetItemCommand(read))).Item;
};

const stagedKeys = async ({ stack, s3 }: Running) => {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: stack.buckets.staging }));
  return Contents.map(({ Key }) => Key);
};

const openUploads = async ({ stack, s3 }: Running) => {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: stack.buckets.upload }));
  return Uploads.map(({ Key }) => Key);
};

/** Looks until it is so; the test's own time limit is the end of patience. */
async function eventually<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A part in its upload and a piece in staging; the file is not complete. */
async function halfway({ stack }: Running, name: string) {
  const url = `${stack.url}/uploads/${name}`;
  const file = randomBytes(12_000_000);
  const session = await createSession(url);
  for (let first = 0; first < 10_000_000; first += 1_000_000) {
    expect(await sendFragment(url, session, file, first, 1_000_000)).toMatchObject({ status: 200 });
  }
  return { url, session };
}

async function setExpiry({ stack, database }: Running, session: string, seconds: number): Promise<void> {
  await database.send(
    new UpdateItemCommand({
      TableName: stack.dynamodb.table,
      Key: keyOf(session),
      UpdateExpression: 'SET expiresAt = :at',
      ExpressionAttributeValues: { ':at': { N: String(seconds) } },
    }),
  );
}

describe('in the local stack', () => {
  test('an expired session is gone, and so are its staged pieces and its upload; a live one stays', async () => {
    const running = await start({ sweep: { ...never, expiredEveryMs: 30 } });
    const live = await halfway(running, 'live.bin');
    const expired = await halfway(running, 'expired.bin');
    expect((await openUploads(running)).toSorted()).toEqual(['expired.bin', 'live.bin']);
    await setExpiry(running, expired.session, 1_700_000_000);
    expect(
      await eventually(
        () => openUploads(running),
        (uploads) => uploads.length < 2,
      ),
    ).toEqual(['live.bin']);
    await eventually(
      () => stagedKeys(running),
      (keys) => keys.every((key) => key?.startsWith(live.session.slice(1, -1)) === true),
    );
    expect(await itemOf(running, expired.session)).toBeUndefined();
    const id = expired.session.slice(1, -1);
    const events = await readFile(join(running.stack.dataDir, 'events.jsonl'), 'utf8');
    expect(events.split('\n').filter((line) => line.includes('Upload Expired'))).toEqual([
      expect.stringContaining(`"sessionId":"${id}"`),
    ]);
    expect(await itemOf(running, live.session)).toBeDefined();
    expect(
      await sendPacket(expired.url, 'Close-Session', { 'BITS-Session-Id': expired.session }),
    ).toMatchObject({
      status: 500,
      headers: { 'bits-error-code': '0x8020001F' },
    });
  });

  test('a file whose CLOSE never came is published after the grace', async () => {
    const running = await start({
      sweep: { ...never, dueEveryMs: 30 },
      timers: { CLOSE_GRACE_SECONDS: '1' },
    });
    const { stack, s3 } = running;
    const url = `${stack.url}/uploads/unattended.bin`;
    const file = randomBytes(1000);
    const session = await createSession(url);
    expect(await sendFragment(url, session, file, 0, 1000)).toMatchObject({ status: 200 });
    const get = new GetObjectCommand({ Bucket: stack.buckets.upload, Key: 'unattended.bin' });
    const object = await eventually(
      () =>
        s3.send(get).catch((error: unknown) => {
          if (error instanceof NoSuchKey) return undefined;
          throw error;
        }),
      (found) => found !== undefined,
    );
    expect(Buffer.from((await object?.Body?.transformToByteArray()) ?? [])).toEqual(file);
    await eventually(
      () => itemOf(running, session),
      (item) => item?.['state']?.S === 'complete',
    );
    expect(await stagedKeys(running)).toEqual([]);
    expect(await sendPacket(url, 'Close-Session', { 'BITS-Session-Id': session })).toMatchObject({
      status: 200,
    });
  });

  test('orphans are removed', async () => {
    let nowMs = Date.now() - 2 * 3_600_000;
    const s3Options = { now: () => nowMs, maxClockSkewMs: Number.POSITIVE_INFINITY };
    const running = await start({
      sweep: { ...never, orphansAfterMs: 0, orphansEveryMs: 30 },
      s3: s3Options,
    });
    const { stack, s3 } = running;
    const put = (Key: string) =>
      s3.send(new PutObjectCommand({ Bucket: stack.buckets.staging, Key, Body: 'x' }));
    await put('OLD/0-000000000001');
    nowMs = Date.now();
    await put('NEW/0-000000000001');
    await eventually(
      () => stagedKeys(running),
      (keys) => keys.length === 1,
    );
    expect(await stagedKeys(running)).toEqual(['NEW/0-000000000001']);
  });

  test.each(['0', '1.5', 'soon', '-1', '7776001'])('a grace of %s stops the start', async (text) => {
    await expect(start({ timers: { CLOSE_GRACE_SECONDS: text } })).rejects.toMatchObject({
      code: 'BAD_SETTING',
      message: `CLOSE_GRACE_SECONDS=${text} is not a whole number of seconds from 1 to 7776000`,
    });
  });
});

describe('the sweeper', () => {
  /** A sweeper over the table of a stack that has none of its own running. */
  async function sweeping(running: Running, options: Partial<SweeperOptions>) {
    const { stack } = running;
    const calls: unknown[] = [];
    const errors: [string, unknown][] = [];
    const sweeper = startSweeper({
      ...never,
      dynamoDbEndpoint: stack.dynamodb.endpoint,
      tableName: stack.dynamodb.table,
      onError: (task, error) => errors.push([task, error]),
      ...options,
      invoke: async (event) => {
        calls.push(event);
        return options.invoke?.(event);
      },
    });
    closers.push(() => sweeper.stop());
    return { sweeper, calls, errors };
  }

  test('survives what fails, and prints it', async () => {
    const running = await start({ sweep: never });
    const { calls, errors } = await sweeping(running, {
      dueEveryMs: 1,
      invoke: () => Promise.reject(new Error('S3 is down')),
    });
    await eventually(
      async () => calls.length,
      (count) => count >= 3,
    );
    expect(errors[0]).toEqual(['due', new Error('S3 is down')]);
  });

  test('never runs two at once, and stop waits for the one under way', async () => {
    const running = await start({ sweep: never });
    let most = 0;
    let underWay = 0;
    const { sweeper, calls } = await sweeping(running, {
      dueEveryMs: 0,
      orphansAfterMs: 0,
      orphansEveryMs: 0,
      expiredEveryMs: 0,
      invoke: async () => {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setTimeout(resolve, 5));
        underWay--;
      },
    });
    await eventually(
      async () => calls.length,
      (count) => count >= 10,
    );
    expect(calls).toEqual(expect.arrayContaining([{ task: 'due' }, { task: 'orphans' }]));
    expect(most).toBe(1);
    await sweeper.stop();
    expect(underWay).toBe(0);
    const after = calls.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toHaveLength(after);
  });

  test('gives a record again that was not taken, three times in all', async () => {
    const running = await start({ sweep: never });
    const session = await createSession(`${running.stack.url}/uploads/f.bin`);
    await setExpiry(running, session, 1_700_000_000);
    const { calls, errors } = await sweeping(running, {
      expiredEveryMs: 1,
      invoke: () => Promise.reject(new Error('not now')),
    });
    await eventually(
      async () => errors.length,
      (count) => count === 3,
    );
    // A fourth is not to come: a moment in which it would.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(calls).toHaveLength(3);
    expect(new Set(calls.map((call) => JSON.stringify(call))).size).toBe(1);
    expect(calls[0]).toMatchObject({
      Records: [
        {
          eventName: 'REMOVE',
          userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
          dynamodb: {
            OldImage: { state: { S: 'receiving' }, url: { B: expect.stringMatching(/^[\w+/]{43}=$/) } },
          },
        },
      ],
    });
  });

  test('an expiry that has not come, and an item without one, are left', async () => {
    const running = await start({ sweep: never });
    const session = await createSession(`${running.stack.url}/uploads/f.bin`);
    await setExpiry(running, session, Math.floor(Date.now() / 1000) + 3_600);
    let looks = 0;
    const { calls } = await sweeping(running, {
      expiredEveryMs: 1,
      dueEveryMs: 1,
      invoke: async () => {
        looks++;
      },
    });
    await eventually(
      async () => looks,
      (count) => count > 5,
    );
    expect(calls.every((call) => JSON.stringify(call) === '{"task":"due"}')).toBe(true);
    expect(await itemOf(running, session)).toBeDefined();
  });
});
