import type { BucketRecord, ObjectRecord, PartRecord, UploadRecord } from './records.ts';
import type { SortedKeys } from './sorted-keys.ts';

/** The index in memory: each entry is a record, the file that it is in, and what belongs to it. */
export interface BucketEntry {
  readonly record: BucketRecord;
  readonly file: string;
  readonly objects: Map<string, ObjectEntry>;
  readonly keys: SortedKeys;
  readonly uploads: Map<string, UploadEntry>;
}

export interface ObjectEntry {
  readonly record: ObjectRecord;
  readonly file: string;
  /** Tags set after the object was written, and the record file that holds them. */
  tagging: { readonly tags: ObjectRecord['properties']['tags']; readonly file: string | undefined };
  /** Downloads under way: the files of parts are opened one after the other, so they must stay until the end. */
  readers: number;
  /** Replaced or deleted; the last reader's end removes the parts. */
  isGone: boolean;
}

export interface UploadEntry {
  readonly record: UploadRecord;
  readonly file: string;
  readonly parts: Map<number, PartEntry>;
}

export interface PartEntry {
  readonly record: PartRecord;
  readonly file: string;
}

/** The entry of an object record just written or just found. */
export function objectEntry(record: ObjectRecord, file: string): ObjectEntry {
  return {
    record,
    file,
    tagging: { tags: record.properties.tags, file: undefined },
    readers: 0,
    isGone: false,
  };
}
