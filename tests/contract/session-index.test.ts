import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  PutItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LocalDynamoDb, startLocalDynamoDb } from '../../infra/local/dynamodb.ts';
import { readSessionTable } from '../../infra/local/storage-template.ts';
import { DynamoDBSessionIndex } from '../../lib/session/dynamodb-index.ts';
import { DynamoDBSessionStore } from '../../lib/session/dynamodb-store.ts';
import { sdkClients } from '../faults/sdk.ts';
import { SimulatedTable } from '../faults/table.ts';
import { MemorySessionIndex } from '../support/memory-index.ts';
import { MemorySessionStore } from '../support/memory-session-store.ts';
import { testServer } from './environment.ts';
import { describeSessionIndex, type IndexUnderTest } from './session-index.ts';

const table = readSessionTable(await readFile(new URL('../../infra/storage.yml', import.meta.url), 'utf8'));
/** So small that a few items take several pages; the service's own page is a megabyte. */
const itemsPerPage = 4;

describe('SessionIndex in memory', () => {
  describeSessionIndex(async () => {
    const store = new MemorySessionStore();
    return { store, index: new MemorySessionIndex(store.items) };
  });
});

// What tests/faults believes in.
describe('SessionIndex in DynamoDB, on the simulated table', () => {
  describeSessionIndex(async () => {
    const simulated = new SimulatedTable({ itemWithFailure: true, pageItems: itemsPerPage });
    const { dynamodb } = sdkClients(async (_service, request) => simulated.call(request));
    return {
      store: new DynamoDBSessionStore(dynamodb, 'sessions'),
      index: new DynamoDBSessionIndex(dynamodb, 'sessions'),
    };
  });
});

/** A client whose listings come in small pages, and what it has sent. */
const pagedClient = (config: ConstructorParameters<typeof DynamoDBClient>[0]) => {
  const client = new DynamoDBClient(config ?? {});
  const sent: Record<string, unknown>[] = [];
  client.middlewareStack.add(
    (next, context) => (args) => {
      const isListing = context.commandName === 'QueryCommand' || context.commandName === 'ScanCommand';
      if (isListing) sent.push({ ...args.input });
      return next(isListing ? { ...args, input: { ...args.input, Limit: itemsPerPage } } : args);
    },
    { step: 'initialize' },
  );
  return { client, sent };
};

describe('SessionIndex in DynamoDB, on the embedded server', () => {
  let dataDir: string;
  let database: LocalDynamoDb;
  let paged: ReturnType<typeof pagedClient>;
  const tables: string[] = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'bits-s3-'));
    const tableName = 'unused';
    database = await startLocalDynamoDb({ host: '127.0.0.1', port: 0, dataDir, tableName, table });
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    paged = pagedClient({ endpoint: database.endpoint, region: 'us-east-1', credentials });
  });

  afterEach(() => {
    paged.sent.length = 0;
  });

  afterAll(async () => {
    paged.client.destroy();
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const open = async (): Promise<IndexUnderTest> => {
    const tableName = await createTable(paged.client);
    tables.push(tableName);
    return underTest(paged, tableName);
  };

  describeSessionIndex(open);

  it('asks eight shards for what is due, and the table itself, strongly consistent, for everything', async () => {
    const { index } = await open();
    for await (const _ of index.dueSessions(1000)) throw new Error('nothing is due');
    expect(paged.sent.map((input) => input['IndexName'])).toEqual(Array(8).fill('dueAt-index'));
    paged.sent.length = 0;
    for await (const _ of index.allSessions()) throw new Error('nothing is there');
    expect(paged.sent).toEqual([{ TableName: tables.at(-1), ConsistentRead: true }]);
  });

  it('an item that is no session stops allSessions: what it names is not known', async () => {
    const { index } = await open();
    const Item = { sessionId: { S: 'broken' } };
    await paged.client.send(new PutItemCommand({ TableName: tables.at(-1), Item }));
    const all = index.allSessions()[Symbol.asyncIterator]();
    await expect(all.next()).rejects.toMatchObject({ name: 'StoreError', code: 'CORRUPT' });
  });

  it('stops when it is told to', async () => {
    const { index } = await open();
    const signal = AbortSignal.abort(new Error('out of time'));
    await expect(index.dueSessions(1000, signal)[Symbol.asyncIterator]().next()).rejects.toThrow();
    await expect(index.allSessions(signal)[Symbol.asyncIterator]().next()).rejects.toThrow();
  });
});

const given = testServer('DYNAMODB');
if (given !== undefined) {
  describe(`SessionIndex in DynamoDB, at ${given.endpoint}`, () => {
    const paged = pagedClient(given);
    const tables: string[] = [];
    afterAll(async () => {
      for (const TableName of tables) await paged.client.send(new DeleteTableCommand({ TableName }));
      paged.client.destroy();
    });
    describeSessionIndex(async () => {
      const tableName = await createTable(paged.client);
      tables.push(tableName);
      return underTest(paged, tableName);
    });
  });
}

async function createTable(client: DynamoDBClient): Promise<string> {
  const TableName = `index-contract-${randomUUID()}`;
  await client.send(new CreateTableCommand({ ...table, TableName }));
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName });
  return TableName;
}

function underTest({ client, sent }: ReturnType<typeof pagedClient>, tableName: string): IndexUnderTest {
  return {
    store: new DynamoDBSessionStore(client, tableName),
    index: new DynamoDBSessionIndex(client, tableName),
    pages: () => sent.length,
  };
}
