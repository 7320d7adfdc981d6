import { randomUUID } from 'node:crypto';
import { beforeEach, expect } from 'vitest';
import type { ObjectInventory } from '../../lib/upload/object-inventory.ts';
import type { ObjectStore, UploadRef } from '../../lib/upload/object-store.ts';
import { type Deviations, promisesWith } from './deviations.ts';

/** Empty buckets, and the store beside the inventory. */
export interface InventoryUnderTest {
  readonly inventory: ObjectInventory;
  readonly store: ObjectStore;
  readonly buckets: readonly [string, string];
  /** Pages asked for so far, where the server gives pages. */
  readonly pages?: () => number;
  /** When what is made next is made. */
  readonly nowMs: () => number;
}

const gather = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
};

const metadata = { sessionId: 's', originalName: 'n', principal: 'p' };

/** What every ObjectInventory promises. Call it inside a `describe`. */
export const describeObjectInventory = (
  open: () => Promise<InventoryUnderTest>,
  deviations: Deviations = {},
): void => {
  const { promise, check } = promisesWith(deviations);
  let under: InventoryUnderTest;
  beforeEach(async () => {
    under = await open();
  });

  promise('is empty where nothing is', async () => {
    expect(await gather(under.inventory.allPieces())).toEqual([]);
    for (const bucket of under.buckets) expect(await gather(under.inventory.openUploads(bucket))).toEqual([]);
  });

  promise('every piece of every session once, over pages, with the time it was staged', async () => {
    const keys = Array.from({ length: 12 }, (_, at) => `${randomUUID()}/${at}-a1b2c3d4e5f6`);
    for (const key of keys) await under.store.putPiece(key, Buffer.from('x'));
    const before = under.pages?.() ?? 0;
    const listed = await gather(under.inventory.allPieces());
    expect(listed.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
    for (const { modifiedAtMs } of listed) expectRecent(modifiedAtMs);
    if (under.pages !== undefined) expect(under.pages() - before).toBeGreaterThan(1);
  });

  promise(
    'every open upload of the bucket once, over pages, with the time it was begun; those of no other',
    async () => {
      const [bucket, other] = under.buckets;
      const uploads: UploadRef[] = [];
      // Several of one key, names that sort oddly, and one that needs encoding.
      for (const key of ['a', 'a', 'a', 'a/b', 'a b', 'ä &+%', 'z', 'a', 'B', 'b', 'b']) {
        uploads.push(await under.store.createUpload({ bucket, key }, metadata));
      }
      const foreign = await under.store.createUpload({ bucket: other, key: 'a' }, metadata);
      const before = under.pages?.() ?? 0;
      const listed = await gather(under.inventory.openUploads(bucket));
      const refs = (all: readonly UploadRef[]) =>
        all.map((ref) => `${ref.bucket} ${ref.key} ${ref.uploadId}`);
      expect(refs(listed).toSorted()).toEqual(refs(uploads).toSorted());
      for (const { initiatedAtMs } of listed) expectRecent(initiatedAtMs);
      if (under.pages !== undefined) expect(under.pages() - before).toBeGreaterThan(1);
      expect(refs(await gather(under.inventory.openUploads(other)))).toEqual(refs([foreign]));
    },
  );

  promise('what is listed can be aborted, and is listed no more', async () => {
    const [bucket] = under.buckets;
    for (const key of ['x', 'x', 'y', 'ö ö']) await under.store.createUpload({ bucket, key }, metadata);
    for await (const upload of under.inventory.openUploads(bucket)) await under.store.abortUpload(upload);
    expect(await gather(under.inventory.openUploads(bucket))).toEqual([]);
  });

  promise('a finished upload is none', async () => {
    const [bucket] = under.buckets;
    const upload = await under.store.createUpload({ bucket, key: 'done' }, metadata);
    await under.store.uploadPart(upload, 1, new Uint8Array(0));
    const parts = await under.store.listParts(upload);
    await under.store.completeUpload(upload, { parts, totalBytes: 0, crc32: 0, onlyIfAbsent: false });
    expect(await gather(under.inventory.openUploads(bucket))).toEqual([]);
  });

  check();

  /** Servers keep whole seconds. */
  function expectRecent(atMs: number): void {
    expect(Math.abs(under.nowMs() - atMs)).toBeLessThanOrEqual(60_000);
  }
};
