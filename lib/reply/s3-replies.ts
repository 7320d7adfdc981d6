import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { saysMissing } from '../upload/s3-errors.ts';
import { wholeObject } from '../upload/whole-object.ts';
import type { ByteSpan } from './range.ts';
import type { ReplyStore, StoredReply } from './reply-store.ts';

/** Longer than a client takes to follow a redirect, shorter than a role's credentials live. */
const presignedForSeconds = 3_600;

const contentType = 'application/octet-stream';

/** Replies in the staging bucket. */
export class S3Replies implements ReplyStore {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, stagingBucket: string) {
    this.#client = client;
    this.#bucket = stagingBucket;
  }

  async find(key: string, signal: AbortSignal): Promise<StoredReply | undefined> {
    try {
      const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: key });
      const { ContentLength, ETag, LastModified } = await this.#client.send(command, { abortSignal: signal });
      if (ContentLength === undefined || ETag === undefined || LastModified === undefined) {
        throw new Error('S3 does not say what the reply is');
      }
      return { sizeBytes: ContentLength, etag: ETag, lastModifiedMs: LastModified.getTime() };
    } catch (error) {
      if (saysMissing(error)) return undefined;
      throw error;
    }
  }

  async read(
    key: string,
    { etag }: StoredReply,
    { from, end }: ByteSpan,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    if (from === end) return new Uint8Array(0);
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Range: `bytes=${from}-${end - 1}`,
      IfMatch: etag,
    });
    const bytes = await wholeObject(this.#client, command, { abortSignal: signal });
    if (bytes.byteLength !== end - from) throw new Error('S3 gave another range than it was asked for');
    return bytes;
  }

  async presign(method: 'GET' | 'HEAD', key: string): Promise<string> {
    const object = { Bucket: this.#bucket, Key: key, ResponseContentType: contentType };
    const options = { expiresIn: presignedForSeconds };
    return method === 'GET'
      ? getSignedUrl(this.#client, new GetObjectCommand(object), options)
      : getSignedUrl(this.#client, new HeadObjectCommand(object), options);
  }
}
