import { createHash } from 'node:crypto';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  NoSuchKey,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Item } from '../../lib/session/item.ts';
import type { Source } from './bits-client/index.ts';

/** Where a stack keeps things; `stack.json` has all of it. */
export interface StackPlaces {
  readonly s3: {
    readonly endpoint: string;
    readonly region: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  };
  readonly dynamodb: { readonly endpoint: string; readonly table: string };
  readonly buckets: { readonly staging: string; readonly upload: string };
}

const emptySession = 'session without a byte';

/** What must be true of the stores after an upload, looked at through the SDK and not through our own code. */
export class UploadCheck {
  readonly #s3: S3Client;
  readonly #dynamodb: DynamoDBClient;
  readonly #places: StackPlaces;

  constructor(places: StackPlaces) {
    this.#places = places;
    const { accessKeyId, secretAccessKey, region } = places.s3;
    const common = { region, credentials: { accessKeyId, secretAccessKey } };
    this.#s3 = new S3Client({ ...common, endpoint: places.s3.endpoint, forcePathStyle: true });
    this.#dynamodb = new DynamoDBClient({ ...common, endpoint: places.dynamodb.endpoint });
  }

  /** SHA-256 of a published object, `undefined` if there is none. */
  async sha256Of(key: string, bucket = this.#places.buckets.upload): Promise<string | undefined> {
    const command = new GetObjectCommand({ Bucket: bucket, Key: key });
    try {
      const { Body } = await this.#s3.send(command);
      const hash = createHash('sha256');
      for await (const chunk of Body?.transformToWebStream() ?? []) hash.update(chunk);
      return hash.digest('hex');
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  /** What is left of uploads that have ended: keys in staging, open multipart uploads, sessions that are no tombstones. */
  async leftovers(): Promise<readonly string[]> {
    const { staging, upload } = this.#places.buckets;
    const staged = await this.#s3.send(new ListObjectsV2Command({ Bucket: staging }));
    const [inStaging, atDestination] = await Promise.all(
      [staging, upload].map((Bucket) => this.#s3.send(new ListMultipartUploadsCommand({ Bucket }))),
    );
    const open = [...(inStaging?.Uploads ?? []), ...(atDestination?.Uploads ?? [])];
    const sessions = await this.items();
    return [
      ...(staged.Contents ?? []).map(({ Key }) => `staged ${Key}`),
      ...open.map(({ Key, UploadId }) => `open upload ${Key} ${UploadId}`),
      ...sessions
        .filter((item) => item['state']?.S !== 'tombstone' || item['dueAt'] !== undefined)
        .map((item) => {
          const name =
            item['total'] === undefined && item['state']?.S === 'receiving' ? emptySession : 'session';
          return `${name} ${item['sessionId']?.S} is ${item['state']?.S}`;
        }),
    ];
  }

  /**
   * What is left and should not be, where processes were killed in the middle of requests. Two things go later by design: an
   * upload that was begun and not committed is the orphan pass's, which takes only what is a day old; and a session whose
   * CREATE was carried out but never answered, so that the client made another, has no byte and lives 24 hours.
   */
  async leftoversAfterKills(): Promise<readonly string[]> {
    return (await this.leftovers()).filter(
      (line) => !line.startsWith('open upload') && !line.startsWith(emptySession),
    );
  }

  /** Every item of the session table. */
  async items(): Promise<readonly Item[]> {
    const { Items } = await this.#dynamodb.send(
      new ScanCommand({ TableName: this.#places.dynamodb.table, ConsistentRead: true }),
    );
    return Items ?? [];
  }

  close(): void {
    this.#s3.destroy();
    this.#dynamodb.destroy();
  }
}

/** SHA-256 of a source, read a mebibyte at a time. */
export const sha256OfSource = async (source: Source): Promise<string> => {
  const hash = createHash('sha256');
  for (let at = 0; at < source.sizeBytes; at += 2 ** 20) {
    hash.update(await source.read(at, Math.min(2 ** 20, source.sizeBytes - at)));
  }
  return hash.digest('hex');
};
