import type { Call, Operation } from '../call.ts';
import { S3Error } from '../errors.ts';
import { xmlResponse } from '../http.ts';
import type { BucketEntry, ObjectEntry } from '../store/model.ts';
import type { SortedKeys } from '../store/sorted-keys.ts';
import type { Query } from '../target.ts';
import { element, type XmlElement, xmlDocument } from '../xml-writer.ts';
import { owner } from './owner.ts';

const maxPageSize = 1000;

/** One page of keys: those that stand for themselves, and the prefixes that stand for many. */
interface Page {
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
  /** Where the next page starts; `undefined` on the last. */
  readonly next: string | undefined;
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const listObjectsV2: Operation = (call) => {
  const { query } = call;
  const bucket = call.env.catalog.bucket(call.bucket);
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const maxKeys = pageSize(query, 'max-keys');
  const page = pageOf(
    bucket.keys,
    query,
    token === undefined ? (startAfter ?? '') : readToken(token),
    maxKeys,
  );
  const encoded = urlEncoder(query);
  return xmlResponse(
    200,
    xmlDocument(
      element('ListBucketResult', [
        ...head(call, maxKeys, page),
        element('KeyCount', page.keys.length + page.prefixes.length),
        element('ContinuationToken', token),
        element('NextContinuationToken', page.next === undefined ? undefined : writeToken(page.next)),
        element('StartAfter', startAfter === undefined ? undefined : encoded(startAfter)),
        ...contents(bucket, page, encoded, query.get('fetch-owner') === 'true'),
      ]),
    ),
  );
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export const listObjects: Operation = (call) => {
  const { query } = call;
  const bucket = call.env.catalog.bucket(call.bucket);
  const marker = query.get('marker') ?? '';
  const maxKeys = pageSize(query, 'max-keys');
  const page = pageOf(bucket.keys, query, marker, maxKeys);
  const encoded = urlEncoder(query);
  const hasDelimiter = (query.get('delimiter') ?? '') !== '';
  return xmlResponse(
    200,
    xmlDocument(
      element('ListBucketResult', [
        ...head(call, maxKeys, page),
        element('Marker', encoded(marker)),
        element('NextMarker', page.next === undefined || !hasDelimiter ? undefined : encoded(page.next)),
        ...contents(bucket, page, encoded, true),
      ]),
    ),
  );
};

/** A page size from the query: 0 to 1000, more is cut to 1000. */
export function pageSize(query: Query, name: string): number {
  const text = query.get(name);
  if (text === undefined || text === '') return maxPageSize;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2 ** 31 - 1) {
    throw new S3Error('InvalidArgument', `Provided ${name} not an integer or within integer range`, {
      fields: { ArgumentName: name, ArgumentValue: text },
    });
  }
  return Math.min(Number(text), maxPageSize);
}

/** With `encoding-type=url` keys go out percent-encoded, so that XML can carry any of them. */
export function urlEncoder(query: Query): (text: string) => string {
  const type = query.get('encoding-type');
  if (type === undefined) return (text) => text;
  if (type !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+');
}

/** The common prefix that hides this key, or `undefined` when the key stands for itself. */
export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

function pageOf(all: SortedKeys, query: Query, after: string, maxKeys: number): Page {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const keys: string[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  // Where a page ended with a common prefix, the next one starts behind all that it stands for.
  const skipped =
    after.startsWith(prefix) && commonPrefix(after, prefix, delimiter) === after ? after : undefined;
  let index = Math.max(all.firstAtOrAfter(prefix), after === '' ? 0 : all.firstAfter(after));
  if (skipped !== undefined) index = all.endOfPrefix(index, skipped);
  for (let key = all.at(index); key?.startsWith(prefix); key = all.at(index)) {
    if (keys.length + prefixes.length >= maxKeys)
      return { keys, prefixes, next: maxKeys === 0 ? undefined : last };
    const group = commonPrefix(key, prefix, delimiter);
    if (group === undefined) {
      keys.push(key);
      index += 1;
    } else {
      prefixes.push(group);
      index = all.endOfPrefix(index, group);
    }
    last = group ?? key;
  }
  return { keys, prefixes, next: undefined };
}

function head({ bucket, query }: Call, maxKeys: number, page: Page): XmlElement[] {
  const encoded = urlEncoder(query);
  const delimiter = query.get('delimiter');
  return [
    element('Name', bucket),
    element('Prefix', encoded(query.get('prefix') ?? '')),
    element('Delimiter', delimiter ? encoded(delimiter) : undefined),
    element('MaxKeys', maxKeys),
    element('EncodingType', query.get('encoding-type')),
    element('IsTruncated', page.next !== undefined),
  ];
}

function contents(
  bucket: BucketEntry,
  page: Page,
  encoded: (text: string) => string,
  withOwner: boolean,
): XmlElement[] {
  const objects = page.keys.flatMap((key) => bucket.objects.get(key) ?? []);
  return [
    ...objects.map((object) => describeObject(object, encoded, withOwner)),
    ...page.prefixes.map((prefix) => element('CommonPrefixes', element('Prefix', encoded(prefix)))),
  ];
}

function describeObject(
  { record }: ObjectEntry,
  encoded: (text: string) => string,
  withOwner: boolean,
): XmlElement {
  return element('Contents', [
    element('Key', encoded(record.key)),
    element('LastModified', new Date(record.lastModifiedMs).toISOString()),
    element('ETag', `"${record.etag}"`),
    element('ChecksumAlgorithm', record.checksum?.algorithm),
    element('ChecksumType', record.checksum?.type),
    element('Size', record.sizeBytes),
    ...(withOwner ? [owner('Owner')] : []),
    element('StorageClass', record.properties.storageClass),
  ]);
}

function writeToken(key: string): string {
  return Buffer.from(key).toString('base64');
}

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64').toString();
  if (token === '' || writeToken(key) !== token) {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', {
      fields: { ArgumentName: 'continuation-token' },
    });
  }
  return key;
}
