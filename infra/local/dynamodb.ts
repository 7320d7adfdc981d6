import { mkdir, open, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ResourceNotFoundException,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { StartError, systemErrorCode } from './errors.ts';
import { clientHost, listen } from './listen.ts';
import type { TableDefinition } from './storage-template.ts';
import { type StreamRecord, watchTable } from './table-stream.ts';

export interface LocalDynamoDbOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Made when it is not there. Nobody else may have it open: the caller holds the lock. */
  readonly dataDir: string;
  readonly tableName: string;
  readonly table: TableDefinition;
}

export interface LocalDynamoDb {
  readonly port: number;
  /** `http://host:port` */
  readonly endpoint: string;
  /** From now on tells every change of an item, as the table's stream would (`table-stream.ts`). */
  watch(tell: (record: StreamRecord) => Promise<void>): void;
  close(): Promise<void>;
}

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/**
 * A DynamoDB in this process, its data in a folder. What it has answered survives a kill of the process (the write
 * has reached the operating system; a power cut is another matter). Creates the table when it is missing.
 *
 * It deletes nothing by itself: expiry by TTL does not exist here, and no code may rely on it anywhere.
 *
 * Throws `StartError`: `DATA_DIR_UNUSABLE`; `PORT_UNAVAILABLE`; `TABLE_OUTDATED` when the folder holds the table with
 * other keys or indexes.
 */
export async function startLocalDynamoDb(options: LocalDynamoDbOptions): Promise<LocalDynamoDb> {
  await checkFolder(options.dataDir);
  const server = dynalite({ path: options.dataDir, createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
  // dynalite throws what a request emits as an error, and a client that hangs up in mid-request would end the process.
  server.on('request', (request, response) => {
    request.removeAllListeners('error');
    request.on('error', () => response.destroy());
  });
  const port = await listen(server, options, 'DYNAMODB_PORT').catch(async (error: unknown) => {
    // The database is open already, and only a server that listens can close it.
    await listen(server, { host: '127.0.0.1', port: 0 }, 'DYNAMODB_PORT');
    await close(server);
    throw error;
  });
  const endpoint = `http://${clientHost(options.host)}:${port}`;
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: { ...CREDENTIALS } });
  let isUsable = false;
  try {
    isUsable = await ensureTable(client, options);
  } finally {
    client.destroy();
    if (!isUsable) await close(server);
  }
  if (isUsable) {
    const watch: LocalDynamoDb['watch'] = (tell) => watchTable(server, options.tableName, tell);
    return { port, endpoint, watch, close: () => close(server) };
  }
  // Killed while its table was being made: it would stay so for ever, and no item can be in it.
  await rm(options.dataDir, { recursive: true });
  return startLocalDynamoDb(options);
}

/** dynalite opens its database late and ends the process when it cannot: what is foreseeable is found out before. */
async function checkFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    const lock = await open(join(dataDir, 'LOCK'), 'a');
    await lock.close();
  } catch (cause) {
    const code = systemErrorCode(cause) ?? String(cause);
    throw new StartError('DATA_DIR_UNUSABLE', `DATA_DIR: ${dataDir} cannot be used (${code})`, { cause });
  }
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
  });
  server.closeAllConnections();
  await closed;
}

/** False when the table was found half made. */
async function ensureTable(
  client: DynamoDBClient,
  { tableName, table }: LocalDynamoDbOptions,
): Promise<boolean> {
  const existing = await describe(client, tableName);
  if (existing === undefined) {
    await client.send(new CreateTableCommand({ ...table, TableName: tableName }));
    // No time at all is still a turn of the event loop or two.
    while ((await describe(client, tableName))?.TableStatus !== 'ACTIVE');
    return true;
  }
  if (shape(existing) !== shape(table)) {
    throw new StartError(
      'TABLE_OUTDATED',
      'the session table in DATA_DIR differs from infra/storage.yml; remove DATA_DIR to start afresh',
    );
  }
  return existing.TableStatus !== 'CREATING';
}

async function describe(client: DynamoDBClient, tableName: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: tableName }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** What makes two tables the same table: keys and indexes, in a form that can be compared. */
function shape(table: TableDescription | TableDefinition): string {
  const keys = (schema: TableDescription['KeySchema'] = []) =>
    schema.map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`).toSorted();
  const types = (table.AttributeDefinitions ?? [])
    .map(({ AttributeName, AttributeType }) => `${AttributeName} ${AttributeType}`)
    .toSorted();
  const indexes = (table.GlobalSecondaryIndexes ?? [])
    .map(({ IndexName, KeySchema, Projection }) => [IndexName, keys(KeySchema), Projection?.ProjectionType])
    .toSorted();
  return JSON.stringify({ keys: keys(table.KeySchema), types, indexes });
}
