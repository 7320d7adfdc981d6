/** dynalite in a process of its own, behind a door that counts units and takes DynamoDB's time. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { listen } from '../../../infra/local/listen.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION, SESSION_TABLE } from '../../../infra/local/stack-options.ts';
import { readSessionTable } from '../../../infra/local/storage-template.ts';
import { type DynamoDBStats, UnitCounter } from './dynamodb-units.ts';
import type { ServiceLatency } from './latency.ts';
import { serveParent } from './served.ts';

const units = new UnitCounter();
let latency: ServiceLatency | undefined;

/** In memory: what is measured is never this process. */
const database = dynalite({ createTableMs: 0 });
// dynalite throws what a request emits as an error.
database.on('request', (request, response) => {
  request.removeAllListeners('error');
  request.on('error', () => response.destroy());
});

const door = createServer((request, response) => {
  const proceed = () => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => units.count(String(request.headers['x-amz-target']), Buffer.concat(chunks)));
    database.emit('request', request, response);
  };
  if (latency === undefined) proceed();
  else setTimeout(proceed, latency.dynamodbCallMs);
});
door.keepAliveTimeout = 120_000;

const createTable = async (endpoint: string): Promise<void> => {
  const client = new DynamoDBClient({
    endpoint,
    region: LOCAL_REGION,
    credentials: { ...LOCAL_CREDENTIALS },
  });
  const template = await readFile(
    fileURLToPath(new URL('../../../infra/storage.yml', import.meta.url)),
    'utf8',
  );
  await client.send(new CreateTableCommand({ ...readSessionTable(template), TableName: SESSION_TABLE }));
  const describe = () => client.send(new DescribeTableCommand({ TableName: SESSION_TABLE }));
  while ((await describe()).Table?.TableStatus !== 'ACTIVE');
  client.destroy();
};

const methods = {
  open: async (): Promise<string> => {
    const endpoint = `http://127.0.0.1:${await listen(door, { host: '127.0.0.1', port: 0 }, 'port')}`;
    await createTable(endpoint);
    units.reset();
    return endpoint;
  },
  delayBy: (wanted: ServiceLatency | undefined): void => {
    latency = wanted;
  },
  stats: (): DynamoDBStats => units.stats(),
  resetStats: (): void => units.reset(),
};

export type DynamoDBMethods = typeof methods;

serveParent(methods);
