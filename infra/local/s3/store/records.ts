import { z } from 'zod';
import { checksumAlgorithms, checksumTypes } from '../checksum/algorithms.ts';

/**
 * What is on disk: every fact is one immutable record file, a body (object or part bytes, else empty) followed
 * by one of these as JSON. Nothing is ever changed in place; where two records say something about the same
 * thing, the one written later holds.
 */
const checksum = z.strictObject({
  algorithm: z.enum(checksumAlgorithms),
  type: z.enum(checksumTypes),
  /** As in S3's headers: base64, and for COMPOSITE "-" and the count of parts. */
  value: z.string(),
});

const tags = z.array(z.strictObject({ name: z.string(), value: z.string() }));

const properties = z.strictObject({
  /** Answered with every GET and HEAD: content type and its kin, `x-amz-meta-*`, encryption. Lower-case names. */
  headers: z.record(z.string(), z.string()),
  storageClass: z.string(),
  tags,
});

const partOfObject = z.strictObject({
  partNumber: z.int(),
  sizeBytes: z.int(),
  etag: z.string(),
  /** The record file that holds the bytes. */
  file: z.string(),
  checksum: z.exactOptional(z.string()),
});

const bucketRecord = z.strictObject({
  kind: z.literal('bucket'),
  bucket: z.string(),
  createdAtMs: z.number(),
});

const objectRecord = z.strictObject({
  kind: z.literal('object'),
  bucket: z.string(),
  key: z.string(),
  /** Without the quotes. */
  etag: z.string(),
  sizeBytes: z.int(),
  lastModifiedMs: z.number(),
  properties,
  checksum: z.exactOptional(checksum),
  /** Put together from parts: the bytes are in the parts' files, this record has none. */
  upload: z.exactOptional(z.strictObject({ uploadId: z.string(), parts: z.array(partOfObject) })),
});

const uploadRecord = z.strictObject({
  kind: z.literal('upload'),
  bucket: z.string(),
  key: z.string(),
  uploadId: z.string(),
  initiatedAtMs: z.number(),
  properties,
  checksum: z.exactOptional(checksum.omit({ value: true })),
});

const partRecord = z.strictObject({
  kind: z.literal('part'),
  uploadId: z.string(),
  partNumber: z.int(),
  etag: z.string(),
  sizeBytes: z.int(),
  lastModifiedMs: z.number(),
  checksum: z.exactOptional(checksum.omit({ type: true })),
});

const tagsRecord = z.strictObject({
  kind: z.literal('tags'),
  /** The record file of the object: tags of an object that was replaced since are void. */
  objectFile: z.string(),
  tags,
});

export const storedRecord = z.discriminatedUnion('kind', [
  bucketRecord,
  objectRecord,
  uploadRecord,
  partRecord,
  tagsRecord,
]);

export type StoredRecord = z.infer<typeof storedRecord>;
export type BucketRecord = z.infer<typeof bucketRecord>;
export type ObjectRecord = z.infer<typeof objectRecord>;
export type UploadRecord = z.infer<typeof uploadRecord>;
export type PartRecord = z.infer<typeof partRecord>;
export type Properties = z.infer<typeof properties>;
export type Tags = z.infer<typeof tags>;
export type StoredChecksum = z.infer<typeof checksum>;
