import { createHash } from 'node:crypto';
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';

/** Where an object lies. */
export interface Place {
  readonly bucket: string;
  readonly key: string;
}

/** What S3 says of an object's checksum. */
export interface StoredChecksum {
  readonly type: string | undefined;
  /** Four bytes, big-endian, in base64. */
  readonly crc32: string | undefined;
}

/** The session table and the buckets, looked at through the SDK and not through our own code. */
export class Stores {
  readonly #s3: S3Client;
  readonly #dynamodb: DynamoDBClient;
  readonly #table: string;

  constructor(s3: S3Client, dynamodb: DynamoDBClient, table: string) {
    this.#s3 = s3;
    this.#dynamodb = dynamodb;
    this.#table = table;
  }

  /** Where a session put its object: only the service knows what its key template made of the URL. */
  async placeOf(sessionId: string): Promise<Place> {
    const { Item } = await this.#dynamodb.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: { sessionId: { S: sessionId } },
        ConsistentRead: true,
      }),
    );
    const bucket = Item?.['bucket']?.S;
    const key = Item?.['key']?.S;
    if (bucket === undefined || key === undefined)
      throw new Error(`session ${sessionId} is not in ${this.#table}`);
    return { bucket, key };
  }

  async sha256Of({ bucket, key }: Place): Promise<string> {
    const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const hash = createHash('sha256');
    for await (const chunk of Body?.transformToWebStream() ?? []) hash.update(chunk);
    return hash.digest('hex');
  }

  async checksumOf({ bucket, key }: Place): Promise<StoredChecksum> {
    const answer = await this.#s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }),
    );
    return { type: answer.ChecksumType, crc32: answer.ChecksumCRC32 };
  }

  /** Deletes what has this bucket and a key that begins so; resolves with how many there were. */
  async remove({ bucket, key }: Place): Promise<number> {
    let removed = 0;
    for (;;) {
      const { Contents = [] } = await this.#s3.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: key }),
      );
      if (Contents.length === 0) return removed;
      for (const { Key } of Contents) {
        await this.#s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
        removed++;
      }
    }
  }

  close(): void {
    this.#s3.destroy();
    this.#dynamodb.destroy();
  }
}
