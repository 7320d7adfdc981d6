import type { ListedPiece, ListedUpload, ObjectInventory } from '../../lib/upload/object-inventory.ts';
import type { MemoryObjectStore } from './memory-object-store.ts';

/** Looks over a memory object store, which keeps no times: things are as old as `madeAtMs` says, else brand-new. */
export class MemoryObjectInventory implements ObjectInventory {
  readonly calls = { allPieces: 0, openUploads: 0 };
  before: ((name: 'allPieces' | 'openUploads') => Promise<void> | void) | undefined;
  /** By staging key or upload id. */
  readonly madeAtMs = new Map<string, number>();
  readonly #objects: MemoryObjectStore;

  constructor(objects: MemoryObjectStore) {
    this.#objects = objects;
  }

  /** Everything that is there now was made at this time, unless it has one already. */
  stamp(madeAtMs: number): void {
    for (const name of [...this.#objects.pieces.keys(), ...this.#objects.uploads.keys()]) {
      if (!this.madeAtMs.has(name)) this.madeAtMs.set(name, madeAtMs);
    }
  }

  async *allPieces(): AsyncGenerator<ListedPiece> {
    this.calls.allPieces++;
    await this.before?.('allPieces');
    for (const key of [...this.#objects.pieces.keys()]) yield { key, modifiedAtMs: this.#timeOf(key) };
  }

  async *openUploads(bucket: string): AsyncGenerator<ListedUpload> {
    this.calls.openUploads++;
    await this.before?.('openUploads');
    for (const [uploadId, upload] of [...this.#objects.uploads]) {
      if (upload.bucket === bucket)
        yield { bucket, key: upload.key, uploadId, initiatedAtMs: this.#timeOf(uploadId) };
    }
  }

  #timeOf(name: string): number {
    return this.madeAtMs.get(name) ?? Number.POSITIVE_INFINITY;
  }
}
