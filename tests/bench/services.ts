import { mkdtemp, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Stats } from '../../infra/local/s3/index.ts';
import {
  LOCAL_CREDENTIALS,
  LOCAL_REGION,
  SESSION_TABLE,
  STAGING_BUCKET,
  UPLOAD_BUCKET,
} from '../../infra/local/stack-options.ts';
import type { Places } from './contenders/contender.ts';
import { startChild } from './processes/child.ts';
import type { DynamoDBMethods } from './processes/dynamodb-child.ts';
import type { DynamoDBStats } from './processes/dynamodb-units.ts';
import { type ServiceLatency, simulatedLatency } from './processes/latency.ts';
import type { S3Methods } from './processes/s3-child.ts';

/** The embedded S3 and DynamoDB, each in its own process, and what they count. */
export interface Services {
  readonly places: Places;
  /** Whether they take the time that they take in AWS. */
  simulateLatency(wanted: boolean): Promise<void>;
  resetStats(): Promise<void>;
  stats(): Promise<{ readonly s3: S3Stats; readonly dynamodb: DynamoDBStats }>;
  /** Bytes of all objects in the upload bucket that are no server's own notes. */
  uploadedBytes(): Promise<number>;
  /** Of the disk that S3 keeps its data on. */
  freeBytes(): Promise<number>;
  /** Deletes everything in both buckets. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** Without `keepsBodies` S3 counts bytes and forgets them: for more of them than a disk has. */
export const startServices = async ({ keepsBodies = true } = {}): Promise<Services> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'bits-s3-bench-'));
  const s3 = startChild<S3Methods>(new URL('./processes/s3-child.ts', import.meta.url));
  const dynamodb = startChild<DynamoDBMethods>(new URL('./processes/dynamodb-child.ts', import.meta.url));
  const buckets = [STAGING_BUCKET, UPLOAD_BUCKET];
  const [s3Endpoint, dynamodbEndpoint] = await Promise.all([
    s3.ask('open', { dataDir, buckets, keepsBodies }),
    dynamodb.ask('open'),
  ]);
  const client = new S3Client({
    endpoint: s3Endpoint,
    region: LOCAL_REGION,
    credentials: { ...LOCAL_CREDENTIALS },
    forcePathStyle: true,
  });
  return {
    places: {
      s3Endpoint,
      dynamodbEndpoint,
      region: LOCAL_REGION,
      credentials: { ...LOCAL_CREDENTIALS },
      table: SESSION_TABLE,
      stagingBucket: STAGING_BUCKET,
      uploadBucket: UPLOAD_BUCKET,
    },
    simulateLatency: async (wanted) => {
      const latency: ServiceLatency | undefined = wanted ? simulatedLatency : undefined;
      await Promise.all([s3.ask('delayBy', latency), dynamodb.ask('delayBy', latency)]);
    },
    resetStats: async () => {
      await Promise.all([s3.ask('resetStats'), dynamodb.ask('resetStats')]);
    },
    stats: async () => ({ s3: await s3.ask('stats'), dynamodb: await dynamodb.ask('stats') }),
    uploadedBytes: async () => {
      let bytes = 0;
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: UPLOAD_BUCKET })) {
        for (const { Key = '', Size = 0 } of Contents) bytes += isNote(Key) ? 0 : Size;
      }
      return bytes;
    },
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(dataDir);
      return bavail * bsize;
    },
    empty: async () => {
      for (const Bucket of buckets) await emptyBucket(client, Bucket);
    },
    stop: async () => {
      client.destroy();
      await Promise.all([s3.stop(), dynamodb.stop()]);
    },
  };
};

/** What tus and uploadx write beside the files. */
const isNote = (key: string): boolean => /\.(info|META)$/.test(key);

const emptyBucket = async (client: S3Client, Bucket: string): Promise<void> => {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads) {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  }
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) {
    if (Contents.length === 0) continue;
    const Objects = Contents.map(({ Key }) => ({ Key }));
    await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
  }
};
