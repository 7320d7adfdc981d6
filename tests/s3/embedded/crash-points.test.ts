import { cpSync, readdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { DamagedRecordError, openEmbeddedS3 } from '../../../infra/local/s3/index.ts';
import { Catalog } from '../../../infra/local/s3/store/catalog.ts';
import { readObject } from '../../../infra/local/s3/store/data-stream.ts';
import { RecordFiles } from '../../../infra/local/s3/store/record-files.ts';
import type { ObjectRecord, PartRecord, Properties } from '../../../infra/local/s3/store/records.ts';
import type { Staged } from '../../../infra/local/s3/store/staged-body.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { credentials, region } from '../support/in-process.ts';

/** One thing that a client asked for; where it is two things at once, also the view that lies between them. */
type Step = readonly [title: string, run: (catalog: Catalog) => Promise<void>, ...between: unknown[]];

const bucket = 'b';
const properties: Properties = { headers: {}, storageClass: 'STANDARD', tags: [] };

async function staged(catalog: Catalog, text: string): Promise<Staged> {
  const body = catalog.files.stage();
  await body.append(Buffer.from(text));
  await body.settle();
  return body;
}

async function put(catalog: Catalog, key: string, text: string): Promise<void> {
  const body = await staged(catalog, text);
  catalog.putObject(
    { kind: 'object', bucket, key, etag: text, sizeBytes: text.length, lastModifiedMs: 0, properties },
    body,
  );
}

async function part(catalog: Catalog, uploadId: string, partNumber: number, text: string): Promise<void> {
  const record: PartRecord = {
    kind: 'part',
    uploadId,
    partNumber,
    etag: text,
    sizeBytes: text.length,
    lastModifiedMs: 0,
  };
  catalog.putPart(catalog.upload(bucket, 'big', uploadId), record, await staged(catalog, text));
}

async function complete(catalog: Catalog, uploadId: string, numbers: readonly number[]): Promise<void> {
  const upload = catalog.upload(bucket, 'big', uploadId);
  const parts = numbers.flatMap((number) => upload.parts.get(number) ?? []);
  const record: ObjectRecord = {
    kind: 'object',
    bucket,
    key: 'big',
    etag: uploadId,
    sizeBytes: parts.reduce((sum, { record: { sizeBytes } }) => sum + sizeBytes, 0),
    lastModifiedMs: 0,
    properties,
    upload: {
      uploadId,
      parts: parts.map(({ file, record: { partNumber, sizeBytes, etag } }) => ({
        partNumber,
        sizeBytes,
        etag,
        file,
      })),
    },
  };
  await catalog.completeUpload(upload, record);
}

const createUpload = (catalog: Catalog, uploadId: string) =>
  catalog.createUpload({ kind: 'upload', bucket, key: 'big', uploadId, initiatedAtMs: 0, properties });

const steps: readonly Step[] = [
  ['create a bucket', async (c) => c.createBucket({ kind: 'bucket', bucket, createdAtMs: 0 })],
  ['put', (c) => put(c, 'a', 'first')],
  ['tag', async (c) => c.setTags(c.object(bucket, 'a'), [{ name: 't', value: '1' }])],
  ['tag again', async (c) => c.setTags(c.object(bucket, 'a'), [{ name: 't', value: '2' }])],
  ['replace', (c) => put(c, 'a', 'second')],
  ['put another', (c) => put(c, 'big', 'small')],
  ['create an upload', async (c) => createUpload(c, 'one')],
  ['upload part 1', (c) => part(c, 'one', 1, 'part-1')],
  ['upload part 2', (c) => part(c, 'one', 2, 'part-2')],
  ['replace part 1', (c) => part(c, 'one', 1, 'part-1-again')],
  ['upload a part that will be left out', (c) => part(c, 'one', 3, 'part-3')],
  ['create a second upload', async (c) => createUpload(c, 'two')],
  ['upload its part', (c) => part(c, 'two', 1, 'other')],
  ['complete the first over an object', (c) => complete(c, 'one', [1, 2])],
  ['tag the completed', async (c) => c.setTags(c.object(bucket, 'big'), [{ name: 't', value: '3' }])],
  ['complete the second over the first', (c) => complete(c, 'two', [1])],
  ['create a third upload', async (c) => createUpload(c, 'three')],
  ['upload its part', (c) => part(c, 'three', 1, 'third')],
  ['abort it', (c) => c.abortUpload(c.upload(bucket, 'big', 'three'))],
  ['delete the completed', (c) => c.deleteObject(c.object(bucket, 'big'))],
  ['delete the other', (c) => c.deleteObject(c.object(bucket, 'a'))],
  ['create a fourth upload', async (c) => createUpload(c, 'four')],
  [
    'delete the bucket and make it again',
    async (c) => {
      const removed = c.deleteBucket(c.bucket(bucket));
      c.createBucket({ kind: 'bucket', bucket, createdAtMs: 1 });
      await removed;
    },
    [],
  ],
  ['delete the bucket', (c) => c.deleteBucket(c.bucket(bucket))],
];

/** All that a client could see, bytes included. */
function view(catalog: Catalog): unknown {
  return catalog.buckets().map(({ record, objects, uploads }) => ({
    bucket: record.bucket,
    objects: [...objects.values()]
      .map((object) => ({
        key: object.record.key,
        etag: object.record.etag,
        bytes: textOf(readObject(catalog, object, 0, object.record.sizeBytes)),
        tags: object.tagging.tags,
      }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
    uploads: [...uploads.values()].map(({ record: { uploadId }, parts }) => ({
      uploadId,
      parts: [...parts.values()].map((each) => `${each.record.partNumber} ${each.record.etag}`).sort(),
    })),
  }));
}

function textOf(body: Uint8Array | AsyncIterable<Uint8Array>): string {
  return body instanceof Uint8Array ? Buffer.from(body).toString() : expect.unreachable('small objects only');
}

/** The files that the index refers to: there must be no others. */
function referenced(catalog: Catalog): string[] {
  return catalog
    .buckets()
    .flatMap(({ file, objects, uploads }) => [
      file,
      ...[...objects.values()].flatMap((object) => [
        object.file,
        ...(object.tagging.file === undefined ? [] : [object.tagging.file]),
        ...(object.record.upload?.parts.map((each) => each.file) ?? []),
      ]),
      ...[...uploads.values()].flatMap((upload) => [
        upload.file,
        ...[...upload.parts.values()].map((each) => each.file),
      ]),
    ]);
}

/**
 * Call `changed` before and after every change of the folder. Removals that run off the event loop happen one by
 * one, at once or only when everything else has happened: a kill may find them anywhere in between.
 */
function watchChanges(files: RecordFiles, removals: 'at once' | 'late', changed: () => void): void {
  const around = <T>(change: () => T): T => {
    changed();
    const result = change();
    changed();
    return result;
  };
  const { commit, remove, recycle } = files;
  vi.spyOn(files, 'commit').mockImplementation((...args) => around(() => commit.apply(files, args)));
  vi.spyOn(files, 'remove').mockImplementation((...args) => around(() => remove.apply(files, args)));
  vi.spyOn(files, 'recycle').mockImplementation((...args) => around(() => recycle.apply(files, args)));
  vi.spyOn(files, 'removeAll').mockImplementation(async (all) => {
    if (removals === 'late') await new Promise((resolve) => setImmediate(resolve));
    for (const file of all) around(() => remove.call(files, file));
  });
}

describe('a process killed between any two changes of the folder', () => {
  it.each(['at once', 'late'] as const)(
    'leaves the state before the request or after it, and the next start leaves no rest (removals %s)',
    async (removals) => {
      const root = await tempFolder();
      const live = join(root, 'live');
      const files = RecordFiles.open(live);
      const snapshots: string[] = [];
      const snapshot = () => {
        const copy = join(root, `snapshot-${snapshots.length}`);
        rmSync(copy, { recursive: true, force: true });
        cpSync(live, copy, { recursive: true });
        snapshots.push(copy);
        return copy;
      };
      const catalog = await Catalog.load(files);
      watchChanges(files, removals, snapshot);
      let before = view(catalog);
      for (const [title, run, ...between] of steps) {
        snapshots.length = 0;
        await run(catalog);
        const after = view(catalog);
        // Once it is answered, only the state after it will do, whatever still waits to be removed.
        const answered = await Catalog.load(RecordFiles.open(snapshot()));
        expect(view(answered), title).toEqual(after);
        await catalog.settled();
        expect(snapshots.length, title).toBeGreaterThan(2);
        for (const copy of snapshots) {
          const reopened = await Catalog.load(RecordFiles.open(copy));
          expect([before, ...between, after], `${title}: ${copy}`).toContainEqual(view(reopened));
          expect(readdirSync(join(copy, 'records')).sort(), title).toEqual(referenced(reopened).sort());
          expect(readdirSync(join(copy, 'tmp')), title).toEqual([]);
        }
        before = after;
      }
      expect(before).toEqual([]);
      expect(readdirSync(join(live, 'records'))).toEqual([]);
    },
  );
});

describe('a folder with a file that is not a record', () => {
  it('is refused by the name of the file', async () => {
    const dataDir = await tempFolder();
    const options = { dataDir, region, credentials, buckets: ['some-bucket'] };
    await (await openEmbeddedS3(options)).close();
    const path = join(dataDir, 'records', '00000000z-damaged');
    for (const content of ['', 'short', 'x'.repeat(100), '{"kind":"object"}\0\0\0\x11bits-s3\n']) {
      await writeFile(path, content);
      const outcome: unknown = await openEmbeddedS3(options).catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(DamagedRecordError);
      expect(outcome).toMatchObject({ code: 'DAMAGED_RECORD', path });
    }
  });
});
