import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import type {
  Completion,
  CompletionAnswer,
  ListedPart,
  ObjectStore,
  Target,
  UploadRef,
} from '../../lib/upload/object-store.ts';
import type { PromiseTest } from './deviations.ts';

/** What every test of an object store uses. The store may be shared: every test has keys of its own. */
export class ObjectStoreContext {
  readonly promise: PromiseTest;
  readonly bucket: string;
  readonly minPartBytes: number;
  readonly #store: () => ObjectStore;

  constructor(
    promise: PromiseTest,
    { store, bucket, minPartBytes }: { store: () => ObjectStore; bucket: string; minPartBytes: number },
  ) {
    this.promise = promise;
    this.bucket = bucket;
    this.minPartBytes = minPartBytes;
    this.#store = store;
  }

  get store(): ObjectStore {
    return this.#store();
  }

  newPrefix(): string {
    return `${randomUUID().toUpperCase()}/`;
  }

  newTarget(name = 'file.bin'): Target {
    return { bucket: this.bucket, key: `${randomUUID()}/${name}` };
  }

  begin(target = this.newTarget()): Promise<UploadRef> {
    return this.store.createUpload(target, metadata);
  }

  /** An upload with these parts. */
  async uploaded(bodies: readonly Uint8Array[], target = this.newTarget()): Promise<UploadRef> {
    const upload = await this.begin(target);
    for (const [index, body] of bodies.entries()) await this.store.uploadPart(upload, index + 1, body);
    return upload;
  }

  /** Completes an upload with the parts that it has, as this entity. */
  async complete(
    upload: UploadRef,
    entity: Uint8Array,
    changes: Partial<Completion> = {},
  ): Promise<CompletionAnswer> {
    const parts = await this.store.listParts(upload);
    return this.store.completeUpload(upload, completionOf(parts, entity, changes));
  }

  /** Publishes a small object and returns its place. */
  async published(text: string, target = this.newTarget()): Promise<UploadRef> {
    const upload = await this.uploaded([Buffer.from(text)], target);
    expect(await this.complete(upload, Buffer.from(text))).toBe('completed');
    return upload;
  }
}

export const metadata = {
  sessionId: '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012',
  originalName: 'a.bin',
  principal: 'x',
};

export const completionOf = (
  parts: readonly ListedPart[],
  entity: Uint8Array,
  changes: Partial<Completion> = {},
): Completion => ({
  parts,
  totalBytes: entity.byteLength,
  crc32: crc32(entity),
  onlyIfAbsent: false,
  ...changes,
});

export const noPiece = { name: 'ObjectStoreError', code: 'NO_SUCH_PIECE' };
export const noUpload = { name: 'ObjectStoreError', code: 'NO_SUCH_UPLOAD' };
export const unavailable = { name: 'ObjectStoreError', code: 'UNAVAILABLE' };

/** Runs so many at a time: a thousand calls at once would measure the client. */
export const inBatches = async (count: number, work: (index: number) => Promise<void>): Promise<void> => {
  for (let at = 0; at < count; at += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - at) }, (_, index) => work(at + index)));
  }
};
