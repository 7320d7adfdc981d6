import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedS3, openEmbeddedS3 } from '../../infra/local/s3/index.ts';
import { S3Inventory } from '../../lib/upload/s3-inventory.ts';
import { S3ObjectStore } from '../../lib/upload/s3-store.ts';
import { MemoryObjectInventory } from '../support/memory-inventory.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { testServer } from './environment.ts';
import { describeObjectInventory, type InventoryUnderTest } from './object-inventory.ts';
import { s3ServerDeviations } from './s3-deviations.ts';

/** So small that a few things take several pages; S3's own page is a thousand. */
const perPage = 3;
const madeAtMs = 1_800_000_000_000;

describe('ObjectInventory in memory', () => {
  describeObjectInventory(async () => {
    const store = new MemoryObjectStore(100);
    const inventory = new MemoryObjectInventory(store);
    inventory.before = () => inventory.stamp(madeAtMs);
    return { store, inventory, buckets: ['a', 'b'], nowMs: () => madeAtMs };
  });
});

describe('ObjectInventory in S3, on the embedded server', () => {
  let dataDir: string;
  let server: EmbeddedS3;
  let client: S3Client;
  const sent: Record<string, unknown>[] = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'bits-s3-'));
    const region = 'eu-central-1';
    const credentials = { accessKeyId: 'KEY', secretAccessKey: 'secret' };
    server = await openEmbeddedS3({
      dataDir,
      region,
      credentials,
      now: () => madeAtMs,
      maxClockSkewMs: Infinity,
    });
    const { url } = await server.listen({ host: '127.0.0.1', port: 0 });
    client = new S3Client({ endpoint: url, forcePathStyle: true, region, credentials });
    client.middlewareStack.add(
      (next, context) => (args) => {
        const page = pageOf(context.commandName);
        if (page !== undefined) sent.push({ ...args.input });
        return next(page === undefined ? args : { ...args, input: { ...args.input, ...page } });
      },
      { step: 'initialize' },
    );
  });

  afterAll(async () => {
    client.destroy();
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const open = async (): Promise<InventoryUnderTest> => {
    const [staging = '', a = '', b = ''] = ['staging', 'a', 'b'].map((name) => `${name}-${randomUUID()}`);
    for (const Bucket of [staging, a, b]) await client.send(new CreateBucketCommand({ Bucket }));
    sent.length = 0;
    return {
      store: new S3ObjectStore({ client, stagingBucket: staging, objectChecksums: true }),
      inventory: new S3Inventory(client, staging),
      buckets: [a, b],
      pages: () => sent.length,
      nowMs: () => madeAtMs,
    };
  };

  describeObjectInventory(open);

  it('a bucket that is not there is an error, not an empty one', async () => {
    const inventory = new S3Inventory(client, 'no-such-bucket');
    await expect(inventory.allPieces().next()).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(inventory.openUploads('no-such-bucket').next()).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });

  it('stops when it is told to', async () => {
    const { inventory, buckets } = await open();
    const signal = AbortSignal.abort(new Error('out of time'));
    server.resetStats();
    await expect(inventory.allPieces(signal)[Symbol.asyncIterator]().next()).rejects.toThrow();
    await expect(inventory.openUploads(buckets[0], signal)[Symbol.asyncIterator]().next()).rejects.toThrow();
    const { ListObjectsV2, ListMultipartUploads } = server.stats();
    expect([ListObjectsV2.requests, ListMultipartUploads.requests]).toEqual([0, 0]);
  });
});

const given = testServer('S3');
if (given !== undefined) {
  describe(`ObjectInventory in S3, at ${given.endpoint}`, () => {
    const client = new S3Client({
      ...given,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    const { objectChecksums, inventoryDeviations = {} } = s3ServerDeviations(given.server);

    afterAll(() => {
      client.destroy();
    });

    describeObjectInventory(async () => {
      const names = ['staging', 'a', 'b'].map((name) => `bits-s3-${name}-${randomUUID()}`);
      for (const Bucket of names) await client.send(new CreateBucketCommand({ Bucket }));
      const [staging = '', a = '', b = ''] = names;
      return {
        store: new S3ObjectStore({ client, stagingBucket: staging, objectChecksums }),
        inventory: new S3Inventory(client, staging),
        buckets: [a, b],
        nowMs: Date.now,
      };
    }, inventoryDeviations);
  });
}

function pageOf(commandName: string | undefined): Record<string, number> | undefined {
  switch (commandName) {
    case 'ListObjectsV2Command':
      return { MaxKeys: perPage };
    case 'ListMultipartUploadsCommand':
      return { MaxUploads: perPage };
    default:
      return undefined;
  }
}
