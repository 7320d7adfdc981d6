import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { readSessionTable } from '../../../infra/local/storage-template.ts';
import { testServer } from '../../contract/environment.ts';
import { s3ServerDeviations } from '../../contract/s3-deviations.ts';
import type { StackPlaces } from '../../support/upload-check.ts';

/** Variables that tell the functions where their stores are. */
export type StoreEnvironment = Readonly<Record<string, string>>;

/** Buckets and a table of their own, on the servers that S3_TEST_* and DYNAMODB_TEST_* name. */
export interface RealStores {
  readonly environment: StoreEnvironment;
  readonly places: StackPlaces;
}

/** @throws Error when the variables name no servers */
export const newStores = async (): Promise<RealStores> => {
  const s3 = testServer('S3');
  const dynamodb = testServer('DYNAMODB');
  if (s3 === undefined || dynamodb === undefined)
    throw new Error('S3_TEST_ENDPOINT and DYNAMODB_TEST_ENDPOINT say which servers are meant');
  const { region, credentials } = s3;
  const suffix = randomUUID();
  const buckets = { staging: `bits-staging-${suffix}`, upload: `bits-upload-${suffix}` };
  const table = `bits-sessions-${suffix}`;

  const objects = new S3Client({ endpoint: s3.endpoint, region, credentials, forcePathStyle: true });
  for (const Bucket of Object.values(buckets)) await objects.send(new CreateBucketCommand({ Bucket }));
  objects.destroy();

  const database = new DynamoDBClient({ endpoint: dynamodb.endpoint, region, credentials });
  const storageYml = await readFile(new URL('../../../infra/storage.yml', import.meta.url), 'utf8');
  await database.send(new CreateTableCommand({ ...readSessionTable(storageYml), TableName: table }));
  await waitUntilTableExists(
    { client: database, maxWaitTime: 60, minDelay: 1, maxDelay: 2 },
    { TableName: table },
  );
  database.destroy();

  const places = {
    s3: { endpoint: s3.endpoint, region, ...credentials },
    dynamodb: { endpoint: dynamodb.endpoint, table },
    buckets,
  };
  const { objectChecksums, contentMd5 } = s3ServerDeviations(s3.server);
  const switches = {
    S3_OBJECT_CHECKSUMS: objectChecksums ? 'on' : 'off',
    S3_CONTENT_MD5: contentMd5 ? 'on' : 'off',
  };
  return { environment: { ...storeEnvironment(places), ...switches }, places };
};

/** What the functions are told of stores that are at these places. */
export const storeEnvironment = ({ s3, dynamodb, buckets }: StackPlaces): StoreEnvironment => ({
  SESSION_TABLE: dynamodb.table,
  STAGING_BUCKET: buckets.staging,
  UPLOAD_BUCKET: buckets.upload,
  LOG_LEVEL: 'ERROR',
  AWS_REGION: s3.region,
  AWS_ACCESS_KEY_ID: s3.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  AWS_ENDPOINT_URL_S3: s3.endpoint,
  AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
});
