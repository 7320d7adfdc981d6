import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalStack, startLocalStack } from '../../infra/local/stack.ts';
import type { ConformanceOptions } from './options.ts';
import { formatResult, type Report } from './report.ts';
import { runConformance } from './run.ts';

const DESTINATIONS = `
destinations:
  - { prefix: /uploads/, maximumUploadSize: 1GB, access: none }
  - { prefix: /overwrite/, key: "overwrite/{path}", maximumUploadSize: 1GB, allowOverwrites: true, access: none }
  - { prefix: /disabled/, maximumUploadSize: 1GB, enabled: false, access: none }
  - { prefix: /last/, key: "last/{path}", maximumUploadSize: 1GB, publishOn: last-fragment, access: none }
`;

/** Sections that nothing in the stack offers yet, or that no stack can offer: everything else has to run. */
const NOT_OFFERED = /^(x2-replay|x3-replay|c2-.*|c8-forbidden|k4-quota|reply-download)$/;

let dataDir = '';
let stack: LocalStack;
let s3: S3Client;
let database: DynamoDBClient;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'bits-s3-conformance-'));
  const destinationsFile = join(dataDir, 'destinations.yml');
  await writeFile(destinationsFile, DESTINATIONS);
  stack = await startLocalStack({ dataDir: join(dataDir, 'data'), destinationsFile });
  const { credentials, endpoint, region } = stack.s3;
  s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  database = new DynamoDBClient({ endpoint: stack.dynamodb.endpoint, region, credentials });
});

afterAll(async () => {
  s3?.destroy();
  database?.destroy();
  await stack?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const prefix = (path: string) => new URL(path, stack.url);

/** Below /uploads/ the path behind the prefix is the key, elsewhere the whole path is: see the destinations above. */
const keyOf = (url: URL) => decodeURIComponent(url.pathname).replace(/^\/(uploads\/)?/, '');

async function readObject(url: URL): Promise<Uint8Array | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: stack.buckets.upload, Key: keyOf(url) }));
    return await Body?.transformToByteArray();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** Timeouts are at least a minute; the session's own record, kept by the id without braces, says when it ends. */
async function expireSession(sessionId: string): Promise<void> {
  await database.send(
    new UpdateItemCommand({
      TableName: stack.dynamodb.table,
      Key: { sessionId: { S: sessionId.replace(/[{}]/g, '') } },
      UpdateExpression: 'SET expiresAt = :past',
      ConditionExpression: 'attribute_exists(expiresAt)',
      ExpressionAttributeValues: { ':past': { N: '1' } },
    }),
  );
}

const everything = (): ConformanceOptions => ({
  url: prefix('/uploads/'),
  overwriteUrl: prefix('/overwrite/'),
  disabledUrl: prefix('/disabled/'),
  lastFragmentUrl: prefix('/last/'),
  fragmentLimitBytes: 1_000_000,
  maxUploadSizeBytes: 1_000_000_000,
  readObject,
  expireSession,
});

const failures = (report: Report) =>
  report.cases.filter(({ outcome }) => outcome === 'failed').map(formatResult);

describe('the local stack', () => {
  // The whole list takes many round trips to functions, S3 and DynamoDB: minutes on a busy machine.
  test('keeps every promise of the protocol that a black box can see', { timeout: 300_000 }, async () => {
    const report = await runConformance(everything());
    expect(failures(report)).toEqual([]);
    const notRun = report.cases.filter(({ outcome }) => outcome === 'not-run').map(({ id }) => id);
    expect(notRun.filter((id) => !NOT_OFFERED.test(id))).toEqual([]);
    expect(report.passed).toBeGreaterThan(190);
  });
});
