import type { ByteSpan } from './range.ts';

/** A reply as it lies in S3. It is written once: tag and date stay as they are. */
export interface StoredReply {
  readonly sizeBytes: number;
  /** In quotation marks, as HTTP has it. */
  readonly etag: string;
  readonly lastModifiedMs: number;
}

/** Replies, by their key in the staging bucket. Every method rejects when S3 does not answer. */
export interface ReplyStore {
  /** `undefined` if there is none. */
  find(key: string, signal: AbortSignal): Promise<StoredReply | undefined>;
  /** Some bytes of the reply that was found; rejects also when it is no longer that one. */
  read(key: string, reply: StoredReply, span: ByteSpan, signal: AbortSignal): Promise<Uint8Array>;
  /** A URL of S3's that answers this method, and no other, for an hour; a `Range` may go with it. */
  presign(method: 'GET' | 'HEAD', key: string): Promise<string>;
}
