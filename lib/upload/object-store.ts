import type { Span } from './parts.ts';

/** An object's place. */
export interface Target {
  readonly bucket: string;
  readonly key: string;
}

/** A multipart upload at its destination. */
export interface UploadRef extends Target {
  readonly uploadId: string;
}

/** A part as S3 lists it. */
export interface ListedPart {
  readonly number: number;
  readonly sizeBytes: number;
  readonly etag: string;
}

/** What the finished object says of itself: whole names, any characters; the implementation encodes them. */
export interface ObjectMetadata {
  readonly sessionId: string;
  readonly originalName: string;
  readonly principal: string;
  /** Absent for what is kept in staging. */
  readonly terms?: ObjectTerms;
}

/** How a published object is kept. `null`: as its bucket has it. */
export interface ObjectTerms {
  readonly contentType: string;
  readonly storageClass: StorageClass | null;
  /** SSE-S3, or SSE-KMS with a key (ARN) or the account's own for S3. */
  readonly encryption:
    | { readonly kind: 's3' }
    | { readonly kind: 'kms'; readonly keyArn: string | null }
    | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Besides what every object says of itself. ASCII. */
  readonly metadata: Readonly<Record<string, string>>;
}

type StorageClass =
  | 'STANDARD'
  | 'INTELLIGENT_TIERING'
  | 'STANDARD_IA'
  | 'ONEZONE_IA'
  | 'GLACIER_IR'
  | 'GLACIER'
  | 'DEEP_ARCHIVE';

/** An object that is there. */
export interface FoundObject {
  readonly sizeBytes: number;
  /** The session that published it, if one did. */
  readonly sessionId: string | undefined;
  /** The client's name of the file, as far as S3 has room for it. */
  readonly originalName?: string | undefined;
}

export interface Completion {
  readonly parts: readonly ListedPart[];
  /** S3 itself verifies both, so a wrong object can never appear. */
  readonly totalBytes: number;
  readonly crc32: number;
  /** Refuse to replace an object that is there. */
  readonly onlyIfAbsent: boolean;
}

/** S3's word on a completion; every one of them except `completed` may also be the echo of a lost answer. */
export type CompletionAnswer =
  | 'completed'
  /** 412: an object is there. */
  | 'taken'
  /** 409: a conflicting write; the upload may be gone. */
  | 'conflict'
  | 'no-such-upload'
  /** A part is not the one listed: list again. */
  | 'invalid-part'
  /** Size or checksum of the whole is wrong. */
  | 'mismatch';

/**
 * Where bytes live: pieces in the staging bucket, multipart uploads in destination buckets. Every implementation passes
 * tests/contract/object-store.ts. Methods reject with an ObjectStoreError; with UNAVAILABLE nothing is known of a write.
 */
export interface ObjectStore {
  /** Stages bytes under a key that is used once. `crc32` is the body's, where it is known already. */
  putPiece(key: string, body: Uint8Array, signal?: AbortSignal, crc32?: number): Promise<void>;
  /** @throws ObjectStoreError NO_SUCH_PIECE */
  getPiece(key: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** Deletes any number of pieces; those that are gone already count as deleted. */
  deletePieces(keys: readonly string[], signal?: AbortSignal): Promise<void>;
  /** All keys that begin with the prefix. */
  listPieces(prefix: string, signal?: AbortSignal): Promise<readonly string[]>;

  /** Begins a multipart upload whose object will carry the metadata. */
  createUpload(target: Target, metadata: ObjectMetadata, signal?: AbortSignal): Promise<UploadRef>;
  /**
   * Uploads a part; the same number again replaces it. The body is not looked at again once the promise has settled.
   * `crc32` as above. @throws ObjectStoreError NO_SUCH_UPLOAD
   */
  uploadPart(
    upload: UploadRef,
    number: number,
    body: Uint8Array,
    signal?: AbortSignal,
    crc32?: number,
  ): Promise<void>;
  /**
   * Makes a part of bytes of an object, without moving them through this process: of all of them where `span` is
   * `undefined`. S3 copies ranges of objects over 5 MiB only. @throws ObjectStoreError NO_SUCH_UPLOAD, also where there is
   * no such object
   */
  copyPart(
    upload: UploadRef,
    number: number,
    source: Target,
    span: Span | undefined,
    signal?: AbortSignal,
  ): Promise<void>;
  /** All parts, by number. @throws ObjectStoreError NO_SUCH_UPLOAD */
  listParts(upload: UploadRef, signal?: AbortSignal): Promise<readonly ListedPart[]>;
  completeUpload(upload: UploadRef, completion: Completion, signal?: AbortSignal): Promise<CompletionAnswer>;
  /** Discards an upload; one that is gone counts as discarded. */
  abortUpload(upload: UploadRef, signal?: AbortSignal): Promise<void>;

  /** The object at a destination, `undefined` if there is none. */
  head(target: Target, signal?: AbortSignal): Promise<FoundObject | undefined>;
  /** Bytes `[from, end)` of an object that has them. @throws ObjectStoreError NO_SUCH_PIECE */
  readRange(target: Target, span: Span, signal?: AbortSignal): Promise<Uint8Array>;
}

export class ObjectStoreError extends Error {
  override readonly name = 'ObjectStoreError';
  readonly code: 'UNAVAILABLE' | 'NO_SUCH_PIECE' | 'NO_SUCH_UPLOAD';

  constructor(code: ObjectStoreError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
