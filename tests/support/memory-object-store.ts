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
  readonly calls: Record<keyof ObjectStore, number> = {
    putPiece: 0,
    getPiece: 0,
    deletePieces: 0,
    listPieces: 0,
    createUpload: 0,
    uploadPart: 0,
    listParts: 0,
    completeUpload: 0,
    abortUpload: 0,
    head: 0,
  };
  bytesWritten = 0;
  readonly #minPartBytes: number;
  #serial = 0;

  constructor(minPartBytes = 5 * 2 ** 20) {
    this.#minPartBytes = minPartBytes;
  }

  object(bucket: string, key: string): StoredObject | undefined {
    return this.objects.get(`${bucket}/${key}`);
  }

  async putPiece(key: string, body: Uint8Array): Promise<void> {
    this.calls.putPiece++;
    this.bytesWritten += body.byteLength;
    this.pieces.set(key, Buffer.from(body));
  }

  async getPiece(key: string): Promise<Uint8Array> {
    this.calls.getPiece++;
    const piece = this.pieces.get(key);
    if (piece === undefined) throw new ObjectStoreError('NO_SUCH_PIECE', key);
    return piece;
  }

  async deletePieces(keys: readonly string[]): Promise<void> {
    this.calls.deletePieces++;
    for (const key of keys) this.pieces.delete(key);
  }

  async listPieces(prefix: string): Promise<readonly string[]> {
    this.calls.listPieces++;
    return [...this.pieces.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async createUpload({ bucket, key }: Target, metadata: ObjectMetadata): Promise<UploadRef> {
    this.calls.createUpload++;
    const uploadId = `upload-${++this.#serial}`;
    this.uploads.set(uploadId, { bucket, key, metadata, parts: new Map() });
    return { bucket, key, uploadId };
  }

  async uploadPart(upload: UploadRef, number: number, body: Uint8Array): Promise<void> {
    this.calls.uploadPart++;
    this.bytesWritten += body.byteLength;
    const etag = `"${crc32(body)}-${body.byteLength}"`;
    this.#upload(upload).parts.set(number, { body: Buffer.from(body), etag });
  }

  async listParts(upload: UploadRef): Promise<readonly ListedPart[]> {
    this.calls.listParts++;
    return [...this.#upload(upload).parts]
      .sort(([a], [b]) => a - b)
      .map(([number, { body, etag }]) => ({ number, sizeBytes: body.byteLength, etag }));
  }

  async completeUpload(upload: UploadRef, completion: Completion): Promise<CompletionAnswer> {
    this.calls.completeUpload++;
    const place = `${upload.bucket}/${upload.key}`;
    const known = this.uploads.get(upload.uploadId);
    if (known === undefined) return 'no-such-upload';
    if (completion.onlyIfAbsent && this.objects.has(place)) return 'taken';
    const bodies: Buffer[] = [];
    for (const [index, { number, etag }] of completion.parts.entries()) {
      const part = known.parts.get(number);
      if (part === undefined || part.etag !== etag) return 'invalid-part';
      const isLast = index === completion.parts.length - 1;
      if (number !== index + 1 || (!isLast && part.body.byteLength < this.#minPartBytes)) return 'mismatch';
      bodies.push(part.body);
    }
    const body = Buffer.concat(bodies);
    if (body.byteLength !== completion.totalBytes || crc32(body) !== completion.crc32) return 'mismatch';
    this.uploads.delete(upload.uploadId);
    this.objects.set(place, { body, metadata: known.metadata });
    return 'completed';
  }

  async abortUpload(upload: UploadRef): Promise<void> {
    this.calls.abortUpload++;
    this.uploads.delete(upload.uploadId);
  }

  async head({ bucket, key }: Target): Promise<FoundObject | undefined> {
    this.calls.head++;
    const found = this.object(bucket, key);
    return found && { sizeBytes: found.body.byteLength, sessionId: found.metadata?.sessionId };
  }

  #upload({ uploadId }: UploadRef): Upload {
    const upload = this.uploads.get(uploadId);
    if (upload === undefined) throw new ObjectStoreError('NO_SUCH_UPLOAD', uploadId);
    return upload;
  }
}
