import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LocalDynamoDb, startLocalDynamoDb } from '../../infra/local/dynamodb.ts';
import { readSessionTable, type TableDefinition } from '../../infra/local/storage-template.ts';
import { tempFolder } from '../support/temp-folder.ts';

const TableName = 'sessions';
let table: TableDefinition;
const open = new Set<LocalDynamoDb>();

beforeEach(async () => {
  table = readSessionTable(await readFile(new URL('../../infra/storage.yml', import.meta.url), 'utf8'));
});

afterEach(async () => {
  for (const database of open) await database.close();
  open.clear();
});

async function start(dataDir: string, definition = table) {
  const database = await startLocalDynamoDb({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    tableName: TableName,
    table: definition,
  });
  open.add(database);
  return {
    ...database,
    client: clientOf(database.endpoint),
    async stop() {
      open.delete(database);
      await database.close();
    },
  };
}

function clientOf(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
}

const key = (id: string) => ({ sessionId: { S: id } });

test('the table is ready at once, with its sparse index', async () => {
  const { client } = await start(await tempFolder());
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  expect(Table).toMatchObject({ TableStatus: 'ACTIVE' });
  await client.send(new PutItemCommand({ TableName, Item: key('plain') }));
  const due = { ...key('due'), sweepShard: { N: '3' }, dueAt: { N: '100' }, extra: { S: 'x' } };
  await client.send(new PutItemCommand({ TableName, Item: due }));
  const { Items } = await client.send(
    new QueryCommand({
      TableName,
      IndexName: 'dueAt-index',
      KeyConditionExpression: 'sweepShard = :shard AND dueAt <= :now',
      ExpressionAttributeValues: { ':shard': { N: '3' }, ':now': { N: '100' } },
    }),
  );
  expect(Items).toEqual([{ ...key('due'), sweepShard: { N: '3' }, dueAt: { N: '100' } }]);
});

test('items survive a restart', async () => {
  const folder = await tempFolder();
  const first = await start(folder);
  await first.client.send(new PutItemCommand({ TableName, Item: { ...key('a'), next: { N: '7' } } }));
  await first.stop();
  const second = await start(folder);
  const { Item } = await second.client.send(new GetItemCommand({ TableName, Key: key('a') }));
  expect(Item).toMatchObject({ next: { N: '7' } });
});

test('what was answered survives a kill of the process', async () => {
  const folder = await tempFolder();
  const script = fileURLToPath(new URL('./dynamodb-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder, TableName], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const answered: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    answered.push(line);
    if (answered.length === 50) child.kill('SIGKILL');
  }
  if (child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  expect(answered.length).toBeGreaterThanOrEqual(50);
  const { client } = await start(folder);
  for (const id of answered) {
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: key(id), ConsistentRead: true }));
    expect(Item).toEqual(key(id));
  }
});

test('a table that was being made when the process was killed is made again', async () => {
  const folder = await tempFolder();
  const slow = dynalite({ path: folder, createTableMs: 3_600_000 });
  await once(slow.listen(0, '127.0.0.1'), 'listening');
  const address = slow.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  await clientOf(`http://127.0.0.1:${port}`).send(new CreateTableCommand({ ...table, TableName }));
  slow.closeAllConnections();
  await new Promise((resolve) => slow.close(resolve));

  const { client } = await start(folder);
  await client.send(new PutItemCommand({ TableName, Item: key('a') }));
});

test('a table of another shape is refused, not used', async () => {
  const folder = await tempFolder();
  await (await start(folder)).stop();
  const { GlobalSecondaryIndexes: _, ...withoutIndex } = table;
  const AttributeDefinitions = table.AttributeDefinitions?.slice(0, 1);
  await expect(start(folder, { ...withoutIndex, AttributeDefinitions })).rejects.toMatchObject({
    code: 'TABLE_OUTDATED',
  });
});

test('a taken port is named, with the setting to change', async () => {
  const { port } = await start(await tempFolder());
  const options = { host: '127.0.0.1', port, dataDir: await tempFolder(), tableName: TableName, table };
  await expect(startLocalDynamoDb(options)).rejects.toMatchObject({
    code: 'PORT_UNAVAILABLE',
    message: expect.stringMatching(`port ${port} .* in use.*DYNAMODB_PORT`),
  });
});

test('a client that hangs up in the middle of a request does not end the process', async () => {
  const { client, port } = await start(await tempFolder());
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{"a"');
  // A whole request on another connection, so that the half one has surely been read when it breaks off.
  await client.send(new PutItemCommand({ TableName, Item: key('a') }));
  socket.resetAndDestroy();
  await once(socket, 'close');
  await client.send(new PutItemCommand({ TableName, Item: key('b') }));
});
