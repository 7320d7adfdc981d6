import { createHash } from 'node:crypto';
import type { Call, Operation } from '../call.ts';
import { type ChecksumAlgorithm, checksumAlgorithm, checksumHeader } from '../checksum/algorithms.ts';
import { S3Error } from '../errors.ts';
import { emptyResponse, type S3Response, xmlResponse } from '../http.ts';
import { readObject } from '../store/data-stream.ts';
import type { ObjectEntry } from '../store/model.ts';
import type { ObjectRecord, Properties } from '../store/records.ts';
import { parseCopySource } from '../target.ts';
import { element, type XmlElement, xmlDocument } from '../xml-writer.ts';
import { checkWriteConditions, readConditions } from './conditions.ts';
import { directive, encryptionHeaders, propertiesOf, propertiesOfCopy, usesKms } from './properties.ts';
import { claimedAlgorithm, copyBody, type Received, receiveBody } from './receive.ts';

const maxCopyBytes = 5 * 1024 ** 3;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject: Operation = async (call) => {
  call.env.catalog.bucket(call.bucket);
  const properties = propertiesOf(call.headers);
  const algorithm = claimedAlgorithm(call.headers);
  const { record } = await receiveBody(call, algorithm, store(call, properties, algorithm));
  return emptyResponse(200, {
    etag: `"${record.etag}"`,
    ...encryptionHeaders(record.properties),
    ...wholeChecksumHeaders(record),
  });
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export const copyObject: Operation = async (call) => {
  const { headers, env } = call;
  env.catalog.bucket(call.bucket);
  const source = copySourceOf(call);
  if (source.record.sizeBytes > maxCopyBytes) {
    throw new S3Error(
      'InvalidRequest',
      `The specified copy source is larger than the maximum allowable size: ${maxCopyBytes}`,
    );
  }
  refuseCopyOntoItself(call, source);
  const properties = propertiesOfCopy(headers, source.record.properties, source.tagging.tags);
  const wanted = headers['x-amz-checksum-algorithm'];
  const algorithm = wanted === undefined ? source.record.checksum?.algorithm : checksumAlgorithm(wanted);
  if (wanted !== undefined && algorithm === undefined) {
    throw new S3Error('InvalidRequest', 'Checksum algorithm provided is unsupported.');
  }
  const bytes = readObject(env.catalog, source, 0, source.record.sizeBytes);
  const { record } = await copyBody(call, bytes, algorithm, store(call, properties, algorithm));
  call.storedBytes += record.sizeBytes;
  return copyResponse(
    'CopyObjectResult',
    record.etag,
    record.lastModifiedMs,
    record.checksum,
    encryptionHeaders(record.properties),
  );
};

/** The object named by `x-amz-copy-source`, if it meets the conditions on it. */
export function copySourceOf(call: Call): ObjectEntry {
  const { bucket, key } = parseCopySource(call.headers['x-amz-copy-source'] ?? '');
  const source = call.env.catalog.object(bucket, key);
  if (readConditions(call.headers, source, 'x-amz-copy-source-') === 'not-modified') {
    throw new S3Error('PreconditionFailed', undefined, { fields: { Condition: 'x-amz-copy-source' } });
  }
  return source;
}

/** The XML answer of both copying operations. */
export function copyResponse(
  name: 'CopyObjectResult' | 'CopyPartResult',
  etag: string,
  lastModifiedMs: number,
  checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined,
  headers: Readonly<Record<string, string>>,
): S3Response {
  const elements: XmlElement[] = [
    element('LastModified', new Date(lastModifiedMs).toISOString()),
    element('ETag', `"${etag}"`),
  ];
  if (checksum !== undefined) elements.push(element(`Checksum${checksum.algorithm}`, checksum.value));
  return xmlResponse(200, xmlDocument(element(name, elements)), headers);
}

/** The ETag of bytes: their MD5, but under KMS something unique to this write, as S3 has it. */
export function etagOf(md5Hex: string, properties: Properties, requestId: string): string {
  return usesKms(properties) ? createHash('md5').update(`${md5Hex} ${requestId}`).digest('hex') : md5Hex;
}

/** Condition and commit in one turn: of twenty racing conditional writes one finds the key free. */
function store(call: Call, properties: Properties, algorithm: ChecksumAlgorithm | undefined) {
  return ({ staged, md5Hex, checksum }: Received): ObjectEntry => {
    const { bucket, key, env } = call;
    checkWriteConditions(call.headers, key, env.catalog.bucket(bucket).objects.get(key));
    const record: ObjectRecord = {
      kind: 'object',
      bucket,
      key,
      etag: etagOf(md5Hex, properties, call.requestId),
      sizeBytes: staged.sizeBytes,
      lastModifiedMs: env.nowMs(),
      properties,
    };
    if (algorithm !== undefined && checksum !== undefined) {
      record.checksum = { algorithm, type: 'FULL_OBJECT', value: checksum };
    }
    return env.catalog.putObject(record, staged);
  };
}

function wholeChecksumHeaders({ checksum }: ObjectRecord): Record<string, string> {
  if (checksum === undefined) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

function refuseCopyOntoItself({ bucket, key, headers }: Call, source: ObjectEntry): void {
  const isSame = source.record.bucket === bucket && source.record.key === key;
  const changes =
    directive(headers, 'x-amz-metadata-directive') === 'REPLACE' ||
    ['x-amz-storage-class', 'x-amz-website-redirect-location', 'x-amz-server-side-encryption'].some(
      (name) => headers[name] !== undefined,
    );
  if (isSame && !changes) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
}
