import { S3Error } from '../errors.ts';
import {
  type BucketEntry,
  type ObjectEntry,
  objectEntry,
  type PartEntry,
  type UploadEntry,
} from './model.ts';
import type { RecordFiles } from './record-files.ts';
import type { BucketRecord, ObjectRecord, PartRecord, Tags, UploadRecord } from './records.ts';
import { recover } from './recover.ts';
import { SortedKeys } from './sorted-keys.ts';
import type { Staged } from './staged-body.ts';

/**
 * Buckets, objects and uploads: the index in memory over the record files. Methods that change something are
 * synchronous up to the point where it is done: a caller looks, decides and commits in one turn of the event
 * loop, which is why there is no lock anywhere. What they return, if anything, is the wait for the clean-up.
 */
export class Catalog {
  readonly files: RecordFiles;
  readonly #buckets: Map<string, BucketEntry>;
  readonly #removals = new Set<Promise<void>>();

  private constructor(files: RecordFiles, buckets: Map<string, BucketEntry>) {
    this.files = files;
    this.#buckets = buckets;
  }

  /** Read the folder and clear away what a killed process left undone. */
  static async load(files: RecordFiles): Promise<Catalog> {
    const { buckets, garbage } = recover(files.scan());
    await files.removeAll(garbage);
    return new Catalog(files, buckets);
  }

  /** In the order of their names. */
  buckets(): BucketEntry[] {
    return [...this.#buckets.values()].sort((a, b) => (a.record.bucket < b.record.bucket ? -1 : 1));
  }

  findBucket(name: string): BucketEntry | undefined {
    return this.#buckets.get(name);
  }

  /** Throws `NoSuchBucket`. */
  bucket(name: string): BucketEntry {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new S3Error('NoSuchBucket', undefined, { fields: { BucketName: name } });
    return bucket;
  }

  /** Throws `NoSuchBucket` or `NoSuchKey`. */
  object(bucketName: string, key: string): ObjectEntry {
    const object = this.bucket(bucketName).objects.get(key);
    if (object === undefined) throw new S3Error('NoSuchKey', undefined, { fields: { Key: key } });
    return object;
  }

  /** Throws `NoSuchBucket` or `NoSuchUpload`, also for an upload of another key. */
  upload(bucketName: string, key: string, uploadId: string): UploadEntry {
    const upload = this.bucket(bucketName).uploads.get(uploadId);
    if (upload === undefined || upload.record.key !== key) {
      throw new S3Error('NoSuchUpload', undefined, { fields: { UploadId: uploadId } });
    }
    return upload;
  }

  createBucket(record: BucketRecord): void {
    const file = this.files.commit(record);
    this.#buckets.set(record.bucket, {
      record,
      file,
      objects: new Map(),
      keys: new SortedKeys(),
      uploads: new Map(),
    });
  }

  /** Remove an empty bucket; uploads under way in it are aborted. */
  deleteBucket(bucket: BucketEntry): Promise<void> {
    // First the bucket, which decides: what was written for it before means nothing to a later one of its name.
    this.files.recycle(bucket.file);
    this.#buckets.delete(bucket.record.bucket);
    const aborts = [...bucket.uploads.values()].map((upload) => this.abortUpload(upload));
    return Promise.all(aborts).then(() => undefined);
  }

  /** Make this object the one under its key; one that was there before is gone. */
  putObject(record: ObjectRecord, body?: Staged): ObjectEntry {
    const bucket = this.bucket(record.bucket);
    const entry = objectEntry(record, this.files.commit(record, body));
    const replaced = bucket.objects.get(record.key);
    bucket.objects.set(record.key, entry);
    bucket.keys.add(record.key);
    if (replaced !== undefined) this.#track(this.#dispose(replaced));
    return entry;
  }

  /** Remove the object, if it is still the one under its key. */
  deleteObject(object: ObjectEntry): Promise<void> {
    const bucket = this.bucket(object.record.bucket);
    if (bucket.objects.get(object.record.key) !== object) return Promise.resolve();
    bucket.objects.delete(object.record.key);
    bucket.keys.delete(object.record.key);
    return this.#track(this.#dispose(object));
  }

  setTags(object: ObjectEntry, tags: Tags): void {
    const older = object.tagging.file;
    object.tagging = { tags, file: this.files.commit({ kind: 'tags', objectFile: object.file, tags }) };
    if (older !== undefined) this.files.recycle(older);
  }

  createUpload(record: UploadRecord): void {
    const upload = { record, file: this.files.commit(record), parts: new Map() };
    this.bucket(record.bucket).uploads.set(record.uploadId, upload);
  }

  /** Keep a part, in place of an earlier one of its number. */
  putPart(upload: UploadEntry, record: PartRecord, body: Staged): PartEntry {
    const part = { record, file: this.files.commit(record, body) };
    const replaced = upload.parts.get(record.partNumber);
    upload.parts.set(record.partNumber, part);
    if (replaced !== undefined) this.#track(this.files.removeAll([replaced.file]));
    return part;
  }

  /** Turn an upload into its object, which takes over the files of its parts; parts it does not name go. */
  completeUpload(upload: UploadEntry, record: ObjectRecord): Promise<void> {
    this.putObject(record);
    this.#forget(upload);
    const kept = new Set(record.upload?.parts.map((part) => part.file));
    const left = [...upload.parts.values()].map((part) => part.file).filter((file) => !kept.has(file));
    return this.#track(this.files.removeAll(left));
  }

  abortUpload(upload: UploadEntry): Promise<void> {
    this.#forget(upload);
    return this.#track(this.files.removeAll([...upload.parts.values()].map((part) => part.file)));
  }

  /** Hold an object's files in place until the returned function is called (once). */
  retain(object: ObjectEntry): () => void {
    object.readers += 1;
    return () => {
      object.readers -= 1;
      if (object.readers === 0 && object.isGone) this.#track(this.files.removeAll(partFiles(object)));
    };
  }

  /** Resolves when no removal is under way. */
  async settled(): Promise<void> {
    while (this.#removals.size > 0) await Promise.allSettled(this.#removals);
  }

  #forget(upload: UploadEntry): void {
    this.files.recycle(upload.file);
    this.#buckets.get(upload.record.bucket)?.uploads.delete(upload.record.uploadId);
  }

  /** The record goes at once, which decides; the parts follow when nobody reads them. */
  #dispose(object: ObjectEntry): Promise<void> {
    object.isGone = true;
    if (object.readers > 0) this.files.remove(object.file);
    else this.files.recycle(object.file);
    if (object.tagging.file !== undefined) this.files.recycle(object.tagging.file);
    return object.readers > 0 ? Promise.resolve() : this.files.removeAll(partFiles(object));
  }

  /** A removal that fails leaves a file that the next start clears away; only who waits for it is told. */
  #track(removal: Promise<void>): Promise<void> {
    this.#removals.add(removal);
    const done = () => void this.#removals.delete(removal);
    removal.then(done, done);
    return removal;
  }
}

function partFiles(object: ObjectEntry): string[] {
  return object.record.upload?.parts.map((part) => part.file) ?? [];
}
