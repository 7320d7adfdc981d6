import type { Call, Operation } from '../call.ts';
import { checksumHeader } from '../checksum/algorithms.ts';
import { S3Error } from '../errors.ts';
import { emptyResponse, httpDate, type S3Response } from '../http.ts';
import { readObject } from '../store/data-stream.ts';
import type { ObjectEntry } from '../store/model.ts';
import { readConditions } from './conditions.ts';
import { type ByteRange, parseRange } from './range.ts';

const overridable = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
] as const;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export const getObject: Operation = (call) =>
  answer(call, (object, { start, end }) => readObject(call.env.catalog, object, start, end));

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export const headObject: Operation = (call) => answer(call, () => new Uint8Array(0));

/** HEAD answers everything that GET would, the length of the body included, but the body. */
function answer(
  call: Call,
  bodyOf: (object: ObjectEntry, range: ByteRange) => S3Response['body'],
): S3Response {
  const { headers, query, env } = call;
  const object = env.catalog.object(call.bucket, call.key);
  const { etag, lastModifiedMs, sizeBytes } = object.record;
  const validators = { etag: `"${etag}"`, 'last-modified': httpDate(lastModifiedMs) };
  if (readConditions(headers, object, '') === 'not-modified') return emptyResponse(304, validators);
  const partNumber = query.get('partNumber');
  const part = partNumber === undefined ? undefined : partRange(object, partNumber);
  const range = part ?? parseRange(headers['range'], sizeBytes);
  const { start, end } = range ?? { start: 0, end: sizeBytes };
  const isPartial = range !== undefined && !(part !== undefined && sizeBytes === 0);
  return {
    status: isPartial ? 206 : 200,
    headers: {
      ...describe(object),
      ...overrides(call),
      ...validators,
      'accept-ranges': 'bytes',
      'content-length': String(end - start),
      ...(isPartial ? { 'content-range': `bytes ${start}-${end - 1}/${sizeBytes}` } : {}),
      ...(part === undefined ? {} : { 'x-amz-mp-parts-count': String(partCount(object)) }),
      // A checksum of the whole says nothing about a piece of it, and clients would compare the two.
      ...(headers['x-amz-checksum-mode'] === 'ENABLED' && range === undefined ? checksumHeaders(object) : {}),
    },
    body: bodyOf(object, { start, end }),
  };
}

function describe({ record, tagging }: ObjectEntry): Record<string, string> {
  const { headers, storageClass } = record.properties;
  return {
    ...headers,
    // S3 leaves out the ordinary class.
    ...(storageClass === 'STANDARD' ? {} : { 'x-amz-storage-class': storageClass }),
    ...(tagging.tags.length === 0 ? {} : { 'x-amz-tagging-count': String(tagging.tags.length) }),
  };
}

function checksumHeaders({ record }: ObjectEntry): Record<string, string> {
  const { checksum } = record;
  if (checksum === undefined) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

/** `response-content-type=…` and its kin in the query. */
function overrides({ query }: Call): Record<string, string> {
  return Object.fromEntries(
    overridable.flatMap((name) => {
      const value = query.get(`response-${name}`);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function partCount({ record }: ObjectEntry): number {
  return record.upload?.parts.length ?? 1;
}

/** The bytes of one part; an object that was written whole is its own part 1. */
function partRange(object: ObjectEntry, text: string): ByteRange {
  const partNumber = Number(text);
  if (!/^\d{1,5}$/.test(text) || partNumber < 1 || partNumber > 10_000) {
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  }
  const parts = object.record.upload?.parts ?? [{ sizeBytes: object.record.sizeBytes }];
  const part = parts[partNumber - 1];
  if (part === undefined) throw new S3Error('InvalidPartNumber');
  const start = parts.slice(0, partNumber - 1).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { start, end: start + part.sizeBytes };
}
