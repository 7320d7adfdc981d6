import type { Completion, ObjectMetadata, Target, UploadRef } from '../../lib/upload/object-store.ts';
import type { Span } from '../../lib/upload/parts.ts';
import { MemoryObjectStore } from './memory-object-store.ts';

/** What a call needs of a role: an action on a bucket, or on an object in it. */
export interface S3Access {
  readonly action: string;
  readonly bucket: string;
  readonly key?: string;
}

const staging = (key: string): Target => ({ bucket: 'staging', key });

/** A memory store that asks before every call for what S3 would ask for: a judge that throws refuses it. */
export class JudgedObjectStore extends MemoryObjectStore {
  judge: (access: S3Access) => void = () => {};

  override async putPiece(key: string, body: Uint8Array, signal?: AbortSignal) {
    this.#ask('PutObject', staging(key));
    return super.putPiece(key, body, signal);
  }

  override async getPiece(key: string, signal?: AbortSignal) {
    this.#ask('GetObject', staging(key));
    return super.getPiece(key, signal);
  }

  override async deletePieces(keys: readonly string[], signal?: AbortSignal) {
    for (const key of keys) this.#ask('DeleteObject', staging(key));
    return super.deletePieces(keys, signal);
  }

  override async listPieces(prefix: string, signal?: AbortSignal) {
    this.#ask('ListBucket', { bucket: 'staging' });
    return super.listPieces(prefix, signal);
  }

  override async createUpload(target: Target, metadata: ObjectMetadata, signal?: AbortSignal) {
    this.#ask('PutObject', target);
    return super.createUpload(target, metadata, signal);
  }

  override async uploadPart(upload: UploadRef, number: number, body: Uint8Array, signal?: AbortSignal) {
    this.#ask('PutObject', upload);
    return super.uploadPart(upload, number, body, signal);
  }

  override async copyPart(
    upload: UploadRef,
    number: number,
    source: Target,
    span: Span | undefined,
    signal?: AbortSignal,
  ) {
    this.#ask('GetObject', source);
    this.#ask('PutObject', upload);
    return super.copyPart(upload, number, source, span, signal);
  }

  override async listParts(upload: UploadRef, signal?: AbortSignal) {
    this.#ask('ListMultipartUploadParts', upload);
    return super.listParts(upload, signal);
  }

  override async completeUpload(upload: UploadRef, completion: Completion, signal?: AbortSignal) {
    this.#ask('PutObject', upload);
    return super.completeUpload(upload, completion, signal);
  }

  override async abortUpload(upload: UploadRef, signal?: AbortSignal) {
    this.#ask('AbortMultipartUpload', upload);
    return super.abortUpload(upload, signal);
  }

  override async head(target: Target, signal?: AbortSignal) {
    this.#ask('GetObject', target);
    // A missing object is 404, and not 403, only for those who may list.
    this.#ask('ListBucket', { bucket: target.bucket });
    return super.head(target, signal);
  }

  override async readRange(target: Target, span: Span, signal?: AbortSignal) {
    this.#ask('GetObject', target);
    return super.readRange(target, span, signal);
  }

  #ask(action: string, { bucket, key }: { readonly bucket: string; readonly key?: string }): void {
    this.judge({ action: `s3:${action}`, bucket, ...(key === undefined ? {} : { key }) });
  }
}
