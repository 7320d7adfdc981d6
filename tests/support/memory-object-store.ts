import { crc32 } from 'node:zlib';
import {
  type Completion,
  type CompletionAnswer,
  type FoundObject,
  type ListedPart,
  type ObjectMetadata,
  type ObjectStore,
  ObjectStoreError,
  type Target,
  type UploadRef,
} from '../../lib/upload/object-store.ts';
import type { Span } from '../../lib/upload/parts.ts';
import { StoreCalls } from './memory-calls.ts';

const stagingBucket = 'staging';

export interface StoredObject {
  readonly body: Buffer;
  readonly metadata: ObjectMetadata | undefined;
}

interface Upload extends Target {
  readonly metadata: ObjectMetadata;
  readonly parts: Map<number, { body: Buffer; etag: string }>;
}

/** Pieces, uploads and objects in maps, with S3's rules on parts. Counts calls and bytes written. */
export class MemoryObjectStore implements ObjectStore {
  readonly pieces = new Map<string, Buffer>();
  readonly uploads = new Map<string, Upload>();
  readonly objects = new Map<string, StoredObject>();
  /** What tests count, delay and break. */
  readonly hooks = new StoreCalls<keyof ObjectStore>(
    {
      putPiece: 0,
      getPiece: 0,
      deletePieces: 0,
      listPieces: 0,
      createUpload: 0,
      uploadPart: 0,
      copyPart: 0,
      listParts: 0,
      completeUpload: 0,
      abortUpload: 0,
      head: 0,
      readRange: 0,
    },
    (cause) => new ObjectStoreError('UNAVAILABLE', 'aborted', { cause }),
  );
  bytesWritten = 0;
  readonly #minPartBytes: number;
  /** Of objects in staging that have any. */
  readonly #held = new Map<string, ObjectMetadata>();
  #serial = 0;

  constructor(minPartBytes = 5 * 2 ** 20) {
    this.#minPartBytes = minPartBytes;
  }

  get calls(): Readonly<Record<keyof ObjectStore, number>> {
    return this.hooks.counts;
  }

  /** An object; those of the staging bucket are pieces, whoever made them. */
  object(bucket: string, key: string): StoredObject | undefined {
    if (bucket !== stagingBucket) return this.objects.get(`${bucket}/${key}`);
    const body = this.pieces.get(key);
    return body && { body, metadata: this.#held.get(key) };
  }

  /** Puts somebody else's object in a place. */
  plant(bucket: string, key: string, text = 'somebody else'): void {
    this.objects.set(`${bucket}/${key}`, { body: Buffer.from(text), metadata: undefined });
  }

  async putPiece(key: string, body: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.hooks.run('putPiece', key, signal, () => {
      this.bytesWritten += body.byteLength;
      this.pieces.set(key, Buffer.from(body));
    });
  }

  async getPiece(key: string, signal?: AbortSignal): Promise<Uint8Array> {
    return this.hooks.run('getPiece', key, signal, () => {
      const piece = this.pieces.get(key);
      if (piece === undefined) throw new ObjectStoreError('NO_SUCH_PIECE', key);
      return piece;
    });
  }

  async deletePieces(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    return this.hooks.run('deletePieces', keys.join(' '), signal, () => {
      for (const key of keys) this.pieces.delete(key);
    });
  }

  async listPieces(prefix: string, signal?: AbortSignal): Promise<readonly string[]> {
    return this.hooks.run('listPieces', prefix, signal, () =>
      [...this.pieces.keys()].filter((key) => key.startsWith(prefix)).sort(),
    );
  }

  async createUpload(
    { bucket, key }: Target,
    metadata: ObjectMetadata,
    signal?: AbortSignal,
  ): Promise<UploadRef> {
    return this.hooks.run('createUpload', key, signal, () => {
      const uploadId = `upload-${++this.#serial}`;
      this.uploads.set(uploadId, { bucket, key, metadata, parts: new Map() });
      return { bucket, key, uploadId };
    });
  }

  async uploadPart(upload: UploadRef, number: number, body: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.hooks.run('uploadPart', upload.uploadId, signal, () => {
      const { parts } = this.#upload(upload);
      this.bytesWritten += body.byteLength;
      parts.set(number, { body: Buffer.from(body), etag: `"${crc32(body)}-${body.byteLength}"` });
    });
  }

  async copyPart(
    upload: UploadRef,
    number: number,
    source: Target,
    span: Span | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.hooks.run('copyPart', upload.uploadId, signal, () => {
      const { parts } = this.#upload(upload);
      const from = this.object(source.bucket, source.key)?.body;
      if (from === undefined) throw new ObjectStoreError('NO_SUCH_UPLOAD', source.key);
      if (span !== undefined && from.byteLength <= this.#minPartBytes)
        throw new ObjectStoreError('UNAVAILABLE', 'a range of a small object');
      const body = Buffer.from(span === undefined ? from : from.subarray(span.from, span.end));
      parts.set(number, { body, etag: `"${crc32(body)}-${body.byteLength}"` });
    });
  }

  async listParts(upload: UploadRef, signal?: AbortSignal): Promise<readonly ListedPart[]> {
    return this.hooks.run('listParts', upload.uploadId, signal, () =>
      [...this.#upload(upload).parts]
        .sort(([a], [b]) => a - b)
        .map(([number, { body, etag }]) => ({ number, sizeBytes: body.byteLength, etag })),
    );
  }

  async completeUpload(
    upload: UploadRef,
    completion: Completion,
    signal?: AbortSignal,
  ): Promise<CompletionAnswer> {
    return this.hooks.run('completeUpload', upload.uploadId, signal, () =>
      this.#complete(upload, completion),
    );
  }

  async abortUpload(upload: UploadRef, signal?: AbortSignal): Promise<void> {
    return this.hooks.run('abortUpload', upload.uploadId, signal, () => {
      this.uploads.delete(upload.uploadId);
    });
  }

  async head({ bucket, key }: Target, signal?: AbortSignal): Promise<FoundObject | undefined> {
    return this.hooks.run('head', key, signal, () => {
      const found = this.object(bucket, key);
      return (
        found && {
          sizeBytes: found.body.byteLength,
          sessionId: found.metadata?.sessionId,
          originalName: found.metadata?.originalName,
        }
      );
    });
  }

  async readRange({ bucket, key }: Target, { from, end }: Span, signal?: AbortSignal): Promise<Uint8Array> {
    return this.hooks.run('readRange', key, signal, () => {
      const found = this.object(bucket, key)?.body;
      if (found === undefined || end > found.byteLength) throw new ObjectStoreError('NO_SUCH_PIECE', key);
      return found.subarray(from, end);
    });
  }

  #complete(upload: UploadRef, completion: Completion): CompletionAnswer {
    const known = this.uploads.get(upload.uploadId);
    if (known === undefined) return 'no-such-upload';
    // In S3's order: the parts, the whole, and only then whether it may take the place.
    const bodies: Buffer[] = [];
    for (const { number, etag } of completion.parts) {
      const part = known.parts.get(number);
      if (part === undefined || part.etag !== etag) return 'invalid-part';
      bodies.push(part.body);
    }
    if (completion.parts.some(({ number }, index) => number !== index + 1)) return 'mismatch';
    if (bodies.slice(0, -1).some((part) => part.byteLength < this.#minPartBytes)) return 'mismatch';
    const body = Buffer.concat(bodies);
    if (body.byteLength !== completion.totalBytes || crc32(body) !== completion.crc32) return 'mismatch';
    if (completion.onlyIfAbsent && this.object(upload.bucket, upload.key) !== undefined) return 'taken';
    this.uploads.delete(upload.uploadId);
    if (upload.bucket === stagingBucket) {
      this.pieces.set(upload.key, body);
      this.#held.set(upload.key, known.metadata);
    } else {
      this.objects.set(`${upload.bucket}/${upload.key}`, { body, metadata: known.metadata });
    }
    return 'completed';
  }

  #upload({ uploadId }: UploadRef): Upload {
    const upload = this.uploads.get(uploadId);
    if (upload === undefined) throw new ObjectStoreError('NO_SUCH_UPLOAD', uploadId);
    return upload;
  }
}
