import { randomBytes } from 'node:crypto';
import type { Call, Operation } from '../call.ts';
import {
  type ChecksumAlgorithm,
  checksumAlgorithm,
  checksumHeader,
  checksumTypes,
  checksumTypesOf,
} from '../checksum/algorithms.ts';
import { S3Error } from '../errors.ts';
import { emptyResponse, xmlResponse } from '../http.ts';
import { readObject } from '../store/data-stream.ts';
import type { PartEntry, UploadEntry } from '../store/model.ts';
import type { PartRecord, UploadRecord } from '../store/records.ts';
import { element, xmlDocument } from '../xml-writer.ts';
import { encryptionHeaders, propertiesOf } from './properties.ts';
import { parseCopySourceRange } from './range.ts';
import { claimedAlgorithm, copyBody, type Received, receiveBody } from './receive.ts';
import { copyResponse, copySourceOf, etagOf } from './writing.ts';

const maxPartNumber = 10_000;
const uploadIdBytes = 96;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export const createMultipartUpload: Operation = ({ bucket, key, headers, env }) => {
  env.catalog.bucket(bucket);
  const checksum = checksumOfUpload(headers['x-amz-checksum-algorithm'], headers['x-amz-checksum-type']);
  const record: UploadRecord = {
    kind: 'upload',
    bucket,
    key,
    uploadId: randomBytes(uploadIdBytes).toString('base64url'),
    initiatedAtMs: env.nowMs(),
    properties: propertiesOf(headers),
    ...(checksum === undefined ? {} : { checksum }),
  };
  env.catalog.createUpload(record);
  const result = element('InitiateMultipartUploadResult', [
    element('Bucket', bucket),
    element('Key', key),
    element('UploadId', record.uploadId),
  ]);
  return xmlResponse(200, xmlDocument(result), {
    ...encryptionHeaders(record.properties),
    ...(checksum === undefined
      ? {}
      : { 'x-amz-checksum-algorithm': checksum.algorithm, 'x-amz-checksum-type': checksum.type }),
  });
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export const uploadPart: Operation = async (call) => {
  const partNumber = partNumberOf(call);
  const upload = uploadOf(call);
  const algorithm = partAlgorithm(upload, claimedAlgorithm(call.headers));
  const { record } = await receiveBody(call, algorithm, storePart(call, partNumber, algorithm));
  return emptyResponse(200, {
    etag: `"${record.etag}"`,
    ...encryptionHeaders(upload.record.properties),
    ...(record.checksum === undefined
      ? {}
      : { [checksumHeader(record.checksum.algorithm)]: record.checksum.value }),
  });
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export const uploadPartCopy: Operation = async (call) => {
  const partNumber = partNumberOf(call);
  const upload = uploadOf(call);
  const source = copySourceOf(call);
  const { sizeBytes } = source.record;
  const header = call.headers['x-amz-copy-source-range'];
  if (header !== undefined && sizeBytes <= call.env.minPartBytes) {
    throw new S3Error(
      'InvalidRequest',
      'The specified copy source is not supported as a byte-range copy source',
    );
  }
  const { start, end } =
    header === undefined ? { start: 0, end: sizeBytes } : parseCopySourceRange(header, sizeBytes);
  const algorithm = partAlgorithm(upload, undefined);
  const bytes = readObject(call.env.catalog, source, start, end);
  const { record } = await copyBody(call, bytes, algorithm, storePart(call, partNumber, algorithm));
  call.storedBytes += record.sizeBytes;
  return copyResponse(
    'CopyPartResult',
    record.etag,
    record.lastModifiedMs,
    record.checksum,
    encryptionHeaders(upload.record.properties),
  );
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export const abortMultipartUpload: Operation = async (call) => {
  await call.env.catalog.abortUpload(uploadOf(call));
  return emptyResponse(204);
};

/** The upload that the query names. Throws `NoSuchUpload`. */
export function uploadOf({ bucket, key, query, env }: Call): UploadEntry {
  return env.catalog.upload(bucket, key, query.get('uploadId') ?? '');
}

function checksumOfUpload(name: string | undefined, typeName: string | undefined): UploadRecord['checksum'] {
  if (name === undefined) {
    if (typeName === undefined) return undefined;
    throw new S3Error(
      'InvalidRequest',
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    );
  }
  const algorithm = checksumAlgorithm(name);
  if (algorithm === undefined)
    throw new S3Error('InvalidRequest', 'Checksum algorithm provided is unsupported.');
  const [defaultType = 'COMPOSITE'] = checksumTypesOf(algorithm);
  const type =
    typeName === undefined ? defaultType : checksumTypes.find((candidate) => candidate === typeName);
  if (type === undefined)
    throw new S3Error('InvalidRequest', 'Value for x-amz-checksum-type header is invalid.');
  if (!checksumTypesOf(algorithm).includes(type)) {
    throw new S3Error(
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${algorithm} algorithm.`,
    );
  }
  return { algorithm, type };
}

/** The checksum to keep for a part: the upload's, and where that has none the one that came with the part. */
function partAlgorithm(
  upload: UploadEntry,
  claimed: ChecksumAlgorithm | undefined,
): ChecksumAlgorithm | undefined {
  const expected = upload.record.checksum?.algorithm;
  if (expected !== undefined && claimed !== undefined && claimed !== expected) {
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${claimed.toLowerCase()}`,
    );
  }
  return expected ?? claimed;
}

function partNumberOf({ query }: Call): number {
  const text = query.get('partNumber') ?? '';
  const partNumber = Number(text);
  if (!/^\d{1,9}$/.test(text) || partNumber < 1 || partNumber > maxPartNumber) {
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
      fields: { ArgumentName: 'partNumber', ArgumentValue: text },
    });
  }
  return partNumber;
}

function storePart(call: Call, partNumber: number, algorithm: ChecksumAlgorithm | undefined) {
  return ({ staged, md5Hex, checksum }: Received): PartEntry => {
    // Again, now that the bytes are here: an abort or a Complete may have overtaken them.
    const upload = uploadOf(call);
    const record: PartRecord = {
      kind: 'part',
      uploadId: upload.record.uploadId,
      partNumber,
      etag: etagOf(md5Hex, upload.record.properties, call.requestId),
      sizeBytes: staged.sizeBytes,
      lastModifiedMs: call.env.nowMs(),
    };
    if (algorithm !== undefined && checksum !== undefined) record.checksum = { algorithm, value: checksum };
    return call.env.catalog.putPart(upload, record, staged);
  };
}
