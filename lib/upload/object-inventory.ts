import type { UploadRef } from './object-store.ts';

export interface ListedPiece {
  readonly key: string;
  readonly modifiedAtMs: number;
}

export interface ListedUpload extends UploadRef {
  readonly initiatedAtMs: number;
}

/** Looking over everything in the buckets, which only the orphan pass does. */
export interface ObjectInventory {
  /** Every object in the staging bucket. */
  allPieces(signal?: AbortSignal): AsyncIterable<ListedPiece>;
  /** Every open multipart upload of a destination bucket. */
  openUploads(bucket: string, signal?: AbortSignal): AsyncIterable<ListedUpload>;
}
