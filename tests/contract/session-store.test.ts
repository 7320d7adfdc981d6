import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type LocalDynamoDb, startLocalDynamoDb } from '../../infra/local/dynamodb.ts';
import { readSessionTable } from '../../infra/local/storage-template.ts';
import { DynamoDBSessionStore } from '../../lib/session/dynamodb-store.ts';
import { isAbsent, versionIs } from '../../lib/session/store.ts';
import { sdkClients } from '../faults/sdk.ts';
import { SimulatedTable } from '../faults/table.ts';
import { MemorySessionStore } from '../support/memory-session-store.ts';
import { type Deviations, promisesWith } from './deviations.ts';
import { testServer } from './environment.ts';
import { newSession, nextVersion } from './sample-sessions.ts';
import { describeSessionStore } from './session-store.ts';

const table = readSessionTable(await readFile(new URL('../../infra/storage.yml', import.meta.url), 'utf8'));

interface Server {
  client: DynamoDBClient;
  tableName: string;
}

describe('SessionStore in memory', () => {
  const store = new MemorySessionStore();
  describeSessionStore({ store: () => store });
});

// What tests/faults believes in.
describe.each([
  ['with', true],
  ['without', false],
])('SessionStore in DynamoDB, on the simulated table, %s the item in a failure', (_, itemWithFailure) => {
  const simulated = new SimulatedTable({ itemWithFailure, pageItems: 1 });
  const { dynamodb } = sdkClients(async (_service, request, { signal }) => {
    signal?.throwIfAborted();
    return simulated.call(request);
  });
  describeSessionStore({ store: () => new DynamoDBSessionStore(dynamodb, 'sessions') });
});

/** What the DynamoDB implementation promises of its calls, beyond the contract. */
const describeCalls = (server: () => Server, deviations: Deviations): void => {
  const { promise, check } = promisesWith(deviations);

  /** A store, and the names of the requests it sends. `loseAnswers`: so many are carried out and not answered. */
  const watched = (loseAnswers = 0) => {
    const { client, tableName } = server();
    const { endpoint, region, credentials } = client.config;
    const own = new DynamoDBClient({ ...(endpoint && { endpoint }), region, credentials });
    const sent: string[] = [];
    let lost = 0;
    own.middlewareStack.add(
      (next, context) => async (args) => {
        sent.push(context.commandName ?? '');
        const result = await next(args);
        if (lost++ < loseAnswers) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        return result;
      },
      { step: 'deserialize', priority: 'low' },
    );
    return { store: new DynamoDBSessionStore(own, tableName), sent };
  };

  promise('a write that wins is one request', async () => {
    const { store, sent } = watched();
    await store.write(newSession(), [isAbsent]);
    expect(sent).toEqual(['PutItemCommand']);
  });

  promise(
    'what a principal has open is one query, of the index, and no further than it needs to go',
    async () => {
      const { store, sent } = watched();
      await store.openSessions('somebody', { count: 10, declaredBytes: 10 });
      expect(sent).toEqual(['QueryCommand']);
    },
  );

  promise('a loser learns the winner from the same request', async () => {
    const { store, sent } = watched();
    const session = newSession();
    await store.write(session, [isAbsent]);
    const lost = await store.write(newSession({ sessionId: session.sessionId }), [isAbsent]);
    expect(lost).toEqual({ won: false, current: session });
    expect(sent).toEqual(['PutItemCommand', 'PutItemCommand']);
  });

  promise('an answer that is lost is asked for again, and the win recognised', async () => {
    const { store, sent } = watched(1);
    const session = newSession();
    expect(await store.write(session, [isAbsent])).toEqual({ won: true });
    expect(sent.slice(0, 2)).toEqual(['PutItemCommand', 'PutItemCommand']);
    expect(await store.write(nextVersion(session), [versionIs(1)])).toEqual({ won: true });
  });

  promise('answers that stay lost are UNAVAILABLE, with the cause', async () => {
    const { store } = watched(Number.POSITIVE_INFINITY);
    const unavailable = {
      code: 'UNAVAILABLE',
      cause: expect.objectContaining({ message: 'socket hang up' }),
    };
    await expect(store.read('x')).rejects.toMatchObject(unavailable);
    await expect(store.write(newSession(), [isAbsent])).rejects.toMatchObject(unavailable);
  });

  promise('a table that is not there is UNAVAILABLE, not an absent session', async () => {
    const store = new DynamoDBSessionStore(server().client, 'no-such-table');
    await expect(store.read('x')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(store.write(newSession(), [isAbsent])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  check();
};

describe('SessionStore in DynamoDB, on the embedded server', () => {
  let dataDir: string;
  let database: LocalDynamoDb;
  let server: Server;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'bits-s3-'));
    const tableName = 'sessions';
    database = await startLocalDynamoDb({ host: '127.0.0.1', port: 0, dataDir, tableName, table });
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    server = {
      tableName,
      client: new DynamoDBClient({ endpoint: database.endpoint, region: 'us-east-1', credentials }),
    };
  });

  afterAll(async () => {
    server.client.destroy();
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  describeSessionStore({ store: () => new DynamoDBSessionStore(server.client, server.tableName) });
  describeCalls(() => server, {
    'a loser learns the winner from the same request':
      'dynalite 4 ignores ReturnValuesOnConditionCheckFailure; the store reads the item instead',
  });
});

const given = testServer('DYNAMODB');
if (given !== undefined) {
  describe(`SessionStore in DynamoDB, at ${given.endpoint}`, () => {
    const tableName = `bits-s3-contract-${randomUUID()}`;
    const client = new DynamoDBClient(given);
    const server = { client, tableName };

    beforeAll(async () => {
      await client.send(new CreateTableCommand({ ...table, TableName: tableName }));
      await waitUntilTableExists(
        { client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 },
        { TableName: tableName },
      );
    });

    afterAll(async () => {
      await client.send(new DeleteTableCommand({ TableName: tableName }));
      client.destroy();
    });

    // Amazon's own local server, and DynamoDB itself: no deviation is known.
    describeSessionStore({ store: () => new DynamoDBSessionStore(client, tableName) });
    describeCalls(() => server, {});
  });
}
