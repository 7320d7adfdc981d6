import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LocalDynamoDb, startLocalDynamoDb } from '../../infra/local/dynamodb.ts';
import { openEventLog } from '../../infra/local/event-log.ts';
import { startLocalStack } from '../../infra/local/stack.ts';
import { readSessionTable } from '../../infra/local/storage-template.ts';
import type { StreamRecord } from '../../infra/local/table-stream.ts';
import { toItem } from '../../lib/session/item.ts';
import { schemaProblems } from '../events/schema.ts';
import { fresh, type receiving, stored } from '../session/sessions.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { createSession, sendFragment, sendPacket } from './packets.ts';

const TableName = 'sessions';

describe('the table of the local stack tells', () => {
  let database: LocalDynamoDb;
  let client: DynamoDBClient;
  let records: StreamRecord[];

  beforeEach(async () => {
    const storageYml = await readFile(new URL('../../infra/storage.yml', import.meta.url), 'utf8');
    const table = readSessionTable(storageYml);
    database = await startLocalDynamoDb({
      host: '127.0.0.1',
      port: 0,
      dataDir: await tempFolder(),
      tableName: TableName,
      table,
    });
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    client = new DynamoDBClient({ endpoint: database.endpoint, region: 'us-east-1', credentials });
    records = [];
    database.watch(async (record) => {
      records.push(record);
    });
  });

  afterEach(async () => {
    client.destroy();
    await database.close();
  });

  const put = (session: typeof receiving | typeof stored, condition?: string) =>
    client.send(
      new PutItemCommand({
        TableName,
        Item: toItem(session),
        ...(condition === undefined ? {} : { ConditionExpression: condition }),
      }),
    );
  const key = { sessionId: { S: fresh.sessionId } };

  test('a new item, a changed one, a deleted one, with what each was', async () => {
    const answers = [await put(fresh), await put(stored)];
    expect(answers.map((answer) => 'Attributes' in answer && answer.Attributes !== undefined)).toEqual([
      false,
      false,
    ]);
    const { Attributes } = await client.send(
      new DeleteItemCommand({ TableName, Key: key, ReturnValues: 'ALL_OLD' }),
    );
    expect(Attributes).toMatchObject({ state: { S: 'stored' } });
    const state = (S: string) => ({ state: { S } });
    expect(records).toMatchObject([
      { eventName: 'INSERT', dynamodb: { NewImage: state('receiving') } },
      { eventName: 'MODIFY', dynamodb: { OldImage: state('receiving'), NewImage: state('stored') } },
      { eventName: 'REMOVE', dynamodb: { OldImage: state('stored') } },
    ]);
    // Bytes as a stream spells them.
    const url = Buffer.from(fresh.urlHash, 'hex').toString('base64');
    expect(records[0]).toMatchObject({ dynamodb: { NewImage: { url: { B: url } } } });
  });

  test('nothing of a write whose condition failed, of a deletion of nothing, of a call that is refused', async () => {
    await put(fresh);
    records.length = 0;
    await expect(put(stored, 'attribute_not_exists(sessionId)')).rejects.toBeInstanceOf(
      ConditionalCheckFailedException,
    );
    await client.send(new DeleteItemCommand({ TableName, Key: { sessionId: { S: 'nobody' } } }));
    await expect(client.send(new PutItemCommand({ TableName, Item: {} }))).rejects.toThrow();
    expect(records).toEqual([]);
  });

  test('each of twenty racing writers that won, and who stood before it', async () => {
    const racers = Array.from({ length: 20 }, (_, index) => ({ ...fresh, version: index + 1 }));
    await Promise.all(racers.map((session) => put(session)));
    const versions = records.map(({ dynamodb }) => {
      const { OldImage, NewImage } = Object(dynamodb);
      return [OldImage?.version.N, NewImage.version.N];
    });
    expect(versions.length).toBe(20);
    // Each one's old image is the one before's new image: a chain without a gap.
    const byOld = new Map(versions.map(([old, next]) => [old, next]));
    let at: unknown;
    for (let seen = 0; seen < 20; seen++) at = byOld.get(at);
    expect(byOld.size).toBe(20);
    expect(at).toBeDefined();
  });
});

test('an event that cannot be made or written is said, and the write is answered', async () => {
  const errors: unknown[] = [];
  const enrich = async () => {
    throw new Error('no memory');
  };
  const tell = openEventLog({
    region: 'us-east-1',
    dataDir: await tempFolder(),
    enrich,
    onError: (error) => errors.push(error),
  });
  await tell({});
  const nowhere = openEventLog({
    dataDir: join(await tempFolder(), 'gone'),
    region: 'us-east-1',
    enrich: async () => [{ type: 'Upload Created', time: '2026-11-26T12:00:00.000Z' }],
    onError: (error) => errors.push(error),
  });
  await nowhere({});
  expect(errors.map(String)).toEqual(['Error: no memory', expect.stringMatching(/ENOENT/)]);
});

test('an upload to the local stack is told in events.jsonl, as EventBridge would hand it on', async () => {
  const dataDir = await tempFolder();
  const seen: string[] = [];
  const stack = await startLocalStack({ dataDir, onEvent: ({ detail }) => seen.push(detail.type) });
  try {
    const url = `${stack.url}/uploads/a.bin`;
    const file = Buffer.from('abcdefghijklmnopqrstuvwxyz');
    const session = await createSession(url);
    await sendFragment(url, session, file, 0, 13);
    await sendFragment(url, session, file, 13, 13);
    for (const _ of [1, 2]) await sendPacket(url, 'Close-Session', { 'BITS-Session-Id': session });
    const lines = (await readFile(join(dataDir, 'events.jsonl'), 'utf8')).trimEnd().split('\n');
    const events = lines.map((line): unknown => JSON.parse(line));
    const types = ['Upload Created', 'Upload Received', 'Upload Published'];
    expect(events).toMatchObject(types.map((type) => ({ 'detail-type': type, source: 'bits-s3.local' })));
    expect(events.flatMap((event) => schemaProblems(Object(event).detail))).toEqual([]);
    expect(events[2]).toMatchObject({
      detail: { bucket: stack.buckets.upload, key: 'a.bin', sizeBytes: 26, crc32: 'TCdQvQ==' },
    });
    expect(seen).toEqual(types);
  } finally {
    await stack.stop();
  }
});
