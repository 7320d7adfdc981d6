import { GetObjectCommand, HeadObjectCommand, NoSuchKey, NotFound, type S3Client } from '@aws-sdk/client-s3';
import { uploadBucket } from './servers.ts';

/** What S3 holds, as anybody may see it. */
export class StoredObjects {
  readonly #s3: S3Client;

  constructor(s3: S3Client) {
    this.#s3 = s3;
  }

  /** The object's bytes, `undefined` if there is none. */
  async bytes(bucket: string, key: string): Promise<Buffer | undefined> {
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  /** The session that says it made an object among the uploads. */
  async ownerOf(key: string): Promise<string | undefined> {
    try {
      const { Metadata } = await this.#s3.send(new HeadObjectCommand({ Bucket: uploadBucket, Key: key }));
      return Metadata?.['bits-session-id'];
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }
}
