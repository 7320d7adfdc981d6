import { type BucketEntry, type ObjectEntry, objectEntry, type UploadEntry } from './model.ts';
import type { FoundRecord } from './record-files.ts';
import type { StoredRecord } from './records.ts';
import { SortedKeys } from './sorted-keys.ts';

/** What the records on disk add up to, and the files among them that mean nothing any more. */
export interface Recovered {
  readonly buckets: Map<string, BucketEntry>;
  readonly garbage: readonly string[];
}

/**
 * Build the index from the records, oldest first. Every step of the server is one rename or one unlink that
 * decides, followed by unlinks that clean up; a process killed in between left some of the latter undone:
 * - an object that was replaced: the later record holds;
 * - an upload whose object exists: it was completed;
 * - a part that was replaced, or belongs to no upload and no object;
 * - what was written for a bucket that was deleted, also if there is a new one of its name.
 */
export function recover(found: readonly FoundRecord[]): Recovered {
  const garbage: string[] = [];
  const ofKind = <K extends StoredRecord['kind']>(kind: K) =>
    found.flatMap(({ file, record }) => (isOfKind(record, kind) ? [{ file, record }] : []));

  const buckets = new Map<string, BucketEntry>();
  for (const { file, record } of ofKind('bucket')) {
    const older = buckets.get(record.bucket);
    if (older !== undefined) garbage.push(older.file);
    const entry = { record, file, objects: new Map(), keys: new SortedKeys(), uploads: new Map() };
    buckets.set(record.bucket, entry);
  }

  for (const { file, record } of ofKind('object')) {
    const bucket = bucketOf(buckets, record.bucket, file);
    const older = bucket?.objects.get(record.key);
    if (older !== undefined) garbage.push(older.file);
    if (bucket === undefined) garbage.push(file);
    bucket?.objects.set(record.key, objectEntry(record, file));
    bucket?.keys.add(record.key);
  }

  const byFile = new Map<string, ObjectEntry>();
  const completedUploads = new Set<string>();
  const filesInObjects = new Set<string>();
  for (const { objects } of buckets.values()) {
    for (const object of objects.values()) {
      byFile.set(object.file, object);
      if (object.record.upload === undefined) continue;
      completedUploads.add(object.record.upload.uploadId);
      for (const part of object.record.upload.parts) filesInObjects.add(part.file);
    }
  }

  for (const { file, record } of ofKind('tags')) {
    const object = byFile.get(record.objectFile);
    const older = object?.tagging.file;
    if (older !== undefined) garbage.push(older);
    if (object === undefined) garbage.push(file);
    else object.tagging = { tags: record.tags, file };
  }

  const uploads = new Map<string, UploadEntry>();
  for (const { file, record } of ofKind('upload')) {
    const bucket = bucketOf(buckets, record.bucket, file);
    if (bucket === undefined || completedUploads.has(record.uploadId)) {
      garbage.push(file);
      continue;
    }
    const upload = { record, file, parts: new Map() };
    bucket.uploads.set(record.uploadId, upload);
    uploads.set(record.uploadId, upload);
  }

  for (const { file, record } of ofKind('part')) {
    const upload = uploads.get(record.uploadId);
    const older = upload?.parts.get(record.partNumber);
    if (older !== undefined) garbage.push(older.file);
    if (upload === undefined && !filesInObjects.has(file)) garbage.push(file);
    upload?.parts.set(record.partNumber, { record, file });
  }
  return { buckets, garbage };
}

/** The bucket of that name, if it was there before the record in that file: later files sort behind. */
function bucketOf(
  buckets: ReadonlyMap<string, BucketEntry>,
  name: string,
  file: string,
): BucketEntry | undefined {
  const bucket = buckets.get(name);
  return bucket !== undefined && bucket.file < file ? bucket : undefined;
}

function isOfKind<K extends StoredRecord['kind']>(
  record: StoredRecord,
  kind: K,
): record is Extract<StoredRecord, { kind: K }> {
  return record.kind === kind;
}
