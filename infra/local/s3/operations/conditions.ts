import { S3Error } from '../errors.ts';
import type { RequestHeaders } from '../http.ts';
import type { ObjectEntry } from '../store/model.ts';

/**
 * May this write replace what is there? Throws `PreconditionFailed`, or `NoSuchKey` for an `If-Match` without
 * an object. Call it in the same turn of the event loop as the write itself.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function checkWriteConditions(
  headers: RequestHeaders,
  key: string,
  existing: ObjectEntry | undefined,
): void {
  const ifNoneMatch = headers['if-none-match'];
  const ifMatch = headers['if-match'];
  if (ifNoneMatch !== undefined && ifMatch !== undefined) throw new S3Error('NotImplemented');
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch !== '*')
      throw new S3Error('NotImplemented', undefined, { fields: { Header: 'If-None-Match' } });
    if (existing !== undefined) throw failed('If-None-Match');
  }
  if (ifMatch !== undefined) {
    if (existing === undefined) throw new S3Error('NoSuchKey', undefined, { fields: { Key: key } });
    if (!matches(ifMatch, existing.record.etag)) throw failed('If-Match');
  }
}

/** Whether a write has a condition at all. */
export function isConditionalWrite(headers: RequestHeaders): boolean {
  return headers['if-none-match'] !== undefined || headers['if-match'] !== undefined;
}

/** May this object be deleted? Throws `PreconditionFailed`, also when there is none. */
export function checkDeleteCondition(ifMatch: string | undefined, existing: ObjectEntry | undefined): void {
  if (ifMatch === undefined) return;
  if (existing === undefined || !matches(ifMatch, existing.record.etag)) throw failed('If-Match');
}

/** The four conditions of a read, or of a copy's source where `prefix` is `x-amz-copy-source-`. */
export function readConditions(
  headers: RequestHeaders,
  object: ObjectEntry,
  prefix: '' | 'x-amz-copy-source-',
): 'holds' | 'not-modified' {
  const { etag, lastModifiedMs } = object.record;
  const ifMatch = headers[`${prefix}if-match`];
  const ifNoneMatch = headers[`${prefix}if-none-match`];
  const unmodifiedSinceMs = parseDate(headers[`${prefix}if-unmodified-since`]);
  const modifiedSinceMs = parseDate(headers[`${prefix}if-modified-since`]);
  // HTTP dates have whole seconds, so the object's own date must be cut down before it is compared.
  const lastModifiedSecondMs = Math.floor(lastModifiedMs / 1000) * 1000;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, etag)) throw failed('If-Match');
  } else if (unmodifiedSinceMs !== undefined && lastModifiedSecondMs > unmodifiedSinceMs) {
    throw failed('If-Unmodified-Since');
  }
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, etag) ? 'not-modified' : 'holds';
  return modifiedSinceMs !== undefined && lastModifiedSecondMs <= modifiedSinceMs ? 'not-modified' : 'holds';
}

/** An ETag without its quotes, which S3 takes either way. */
export function unquote(etag: string): string {
  return etag.trim().replace(/^"(.*)"$/, '$1');
}

function matches(header: string, etag: string): boolean {
  return header.trim() === '*' || header.split(',').some((candidate) => unquote(candidate) === etag);
}

function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', undefined, { fields: { Condition: condition } });
}

function parseDate(header: string | undefined): number | undefined {
  const epochMs = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
