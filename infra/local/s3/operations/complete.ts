import { createHash } from 'node:crypto';
import { readDocument } from '../body/payload.ts';
import type { Call, CompleteConflict, Operation } from '../call.ts';
import { checksumAlgorithms, checksumHeader, checksumOfParts } from '../checksum/algorithms.ts';
import { S3Error } from '../errors.ts';
import { type S3Response, xmlResponse } from '../http.ts';
import type { ObjectEntry, PartEntry, UploadEntry } from '../store/model.ts';
import type { ObjectRecord, StoredChecksum } from '../store/records.ts';
import { childrenNamed, childText, parseXml, type XmlNode } from '../xml-reader.ts';
import { element, xmlDocument } from '../xml-writer.ts';
import { checkWriteConditions, isConditionalWrite, unquote } from './conditions.ts';
import { uploadOf } from './multipart.ts';
import { encryptionHeaders } from './properties.ts';

const maxDocumentBytes = 8 * 1024 ** 2;

/**
 * The object takes over the files of its parts, so this costs one small record whatever the size. A refusal
 * leaves the upload as it was, but for a conflict that was asked to destroy it.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
export const completeMultipartUpload: Operation = async (call) => {
  const { bytes } = await readDocument(call.request, call.proof, maxDocumentBytes);
  const earlier = completedEarlier(call);
  if (earlier !== undefined) return completed(call, earlier.record);
  const upload = uploadOf(call);
  const parts = listedParts(upload, parseXml(bytes));
  const record = objectOf(call, upload, parts);
  const conflict = takeConflict(call);
  if (conflict !== undefined) {
    if (conflict.upload === 'destroyed') await call.env.catalog.abortUpload(upload);
    throw new S3Error('ConditionalRequestConflict', undefined, { fields: { Key: call.key } });
  }
  checkWriteConditions(call.headers, call.key, call.env.catalog.bucket(call.bucket).objects.get(call.key));
  await call.env.catalog.completeUpload(upload, record);
  return completed(call, record);
};

/** The object of this very upload, where the switch says that a repeated Complete succeeds. */
function completedEarlier({ bucket, key, query, headers, env }: Call): ObjectEntry | undefined {
  const object = env.catalog.bucket(bucket).objects.get(key);
  if (object?.record.upload === undefined || object.record.upload.uploadId !== query.get('uploadId'))
    return undefined;
  if (env.repeatedComplete === 'succeeds') return object;
  if (env.repeatedComplete === 'precondition-first') checkWriteConditions(headers, key, object);
  return undefined;
}

/** The conflict that a test or a simulation asked for, if this request is the one. */
function takeConflict({ bucket, key, headers, env }: Call): CompleteConflict | undefined {
  const index = env.conflicts.findIndex(
    (wanted) =>
      wanted.bucket === bucket &&
      wanted.key === key &&
      (wanted.requests === 'any' || isConditionalWrite(headers)),
  );
  return index < 0 ? undefined : env.conflicts.splice(index, 1)[0];
}

function listedParts(upload: UploadEntry, root: XmlNode): PartEntry[] {
  const listed = childrenNamed(root, 'Part');
  if (root.name !== 'CompleteMultipartUpload' || listed.length === 0) throw new S3Error('MalformedXML');
  const numbers = listed.map((part) => {
    const text = childText(part, 'PartNumber')?.trim() ?? '';
    if (!/^\d{1,9}$/.test(text)) throw new S3Error('MalformedXML');
    return Number(text);
  });
  if (numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] ?? 0))) {
    throw new S3Error('InvalidPartOrder');
  }
  const parts = listed.map((part, index) => findPart(upload, numbers[index] ?? 0, part));
  // S3: with checksums on the parts, their numbers must be consecutive from 1.
  const hasChecksums = parts.some(({ record }) => record.checksum !== undefined);
  if (hasChecksums && numbers.some((number, index) => number !== index + 1)) {
    throw new S3Error(
      'InvalidPartOrder',
      'With part checksums the part numbers must be consecutive, starting with 1.',
    );
  }
  return parts;
}

function findPart(upload: UploadEntry, partNumber: number, listed: XmlNode): PartEntry {
  const etag = childText(listed, 'ETag');
  if (etag === undefined) throw new S3Error('MalformedXML');
  const part = upload.parts.get(partNumber);
  const fits =
    part !== undefined &&
    part.record.etag === unquote(etag) &&
    checksumAlgorithms.every((algorithm) => {
      const claimed = childText(listed, `Checksum${algorithm}`);
      const { checksum } = part.record;
      return claimed === undefined || (checksum?.algorithm === algorithm && checksum.value === claimed);
    });
  if (!fits) {
    throw new S3Error('InvalidPart', undefined, {
      fields: { UploadId: upload.record.uploadId, PartNumber: String(partNumber), ETag: unquote(etag) },
    });
  }
  const isComposite = upload.record.checksum?.type === 'COMPOSITE';
  if (isComposite && childText(listed, `Checksum${upload.record.checksum?.algorithm}`) === undefined) {
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using a ${upload.record.checksum?.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${partNumber} in the request.`,
    );
  }
  return part;
}

function objectOf(call: Call, upload: UploadEntry, parts: readonly PartEntry[]): ObjectRecord {
  const small = parts.slice(0, -1).find(({ record }) => record.sizeBytes < call.env.minPartBytes);
  if (small !== undefined) {
    throw new S3Error('EntityTooSmall', undefined, {
      fields: {
        ProposedSize: String(small.record.sizeBytes),
        MinSizeAllowed: String(call.env.minPartBytes),
        PartNumber: String(small.record.partNumber),
        ETag: small.record.etag,
      },
    });
  }
  const sizeBytes = parts.reduce((sum, { record }) => sum + record.sizeBytes, 0);
  checkSize(call, sizeBytes);
  const checksum = wholeChecksum(call, upload, parts);
  const etags = Buffer.concat(parts.map(({ record }) => Buffer.from(record.etag, 'hex')));
  return {
    kind: 'object',
    bucket: call.bucket,
    key: call.key,
    etag: `${createHash('md5').update(etags).digest('hex')}-${parts.length}`,
    sizeBytes,
    // The date of an object of several parts is that of its initiation [S3 User Guide, "Working with object metadata"].
    lastModifiedMs: upload.record.initiatedAtMs,
    properties: upload.record.properties,
    ...(checksum === undefined ? {} : { checksum }),
    upload: {
      uploadId: upload.record.uploadId,
      parts: parts.map(({ record, file }) => ({
        partNumber: record.partNumber,
        sizeBytes: record.sizeBytes,
        etag: record.etag,
        file,
        ...(record.checksum === undefined ? {} : { checksum: record.checksum.value }),
      })),
    },
  };
}

function checkSize({ headers }: Call, sizeBytes: number): void {
  const announced = headers['x-amz-mp-object-size'];
  if (announced === undefined) return;
  if (!/^\d{1,16}$/.test(announced)) {
    throw new S3Error('InvalidRequest', 'Value for x-amz-mp-object-size header is invalid.');
  }
  if (Number(announced) !== sizeBytes) {
    throw new S3Error(
      'InvalidRequest',
      `The provided 'x-amz-mp-object-size' header value ${announced} does not match what was computed: ${sizeBytes}`,
    );
  }
}

/** The object's checksum, worked out from its parts' and held against the one in the request. */
function wholeChecksum(
  { headers }: Call,
  upload: UploadEntry,
  parts: readonly PartEntry[],
): StoredChecksum | undefined {
  const expected = upload.record.checksum;
  const type = headers['x-amz-checksum-type'];
  if (type !== undefined && type !== expected?.type) {
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using the ${expected?.type ?? 'null'} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const claimed = checksumAlgorithms.find((algorithm) => headers[checksumHeader(algorithm)] !== undefined);
  if (claimed !== undefined && claimed !== expected?.algorithm) {
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${expected?.algorithm.toLowerCase() ?? 'null'}, actual checksum Type: ${claimed.toLowerCase()}`,
    );
  }
  if (expected === undefined) return undefined;
  const pieces = parts.map(({ record }) => ({
    checksum: record.checksum?.value ?? '',
    sizeBytes: record.sizeBytes,
  }));
  const value = checksumOfParts(expected.algorithm, expected.type, pieces);
  if (claimed !== undefined && headers[checksumHeader(claimed)] !== value) {
    throw new S3Error('BadDigest', `The ${claimed} you specified did not match the calculated checksum.`);
  }
  return { ...expected, value };
}

function completed({ request, bucket, key }: Call, record: ObjectRecord): S3Response {
  const { checksum } = record;
  const result = element('CompleteMultipartUploadResult', [
    element(
      'Location',
      `http://${request.headers['host'] ?? 'localhost'}/${bucket}/${encodeURIComponent(key)}`,
    ),
    element('Bucket', bucket),
    element('Key', key),
    element('ETag', `"${record.etag}"`),
    ...(checksum === undefined
      ? []
      : [element(`Checksum${checksum.algorithm}`, checksum.value), element('ChecksumType', checksum.type)]),
  ]);
  return xmlResponse(200, xmlDocument(result), encryptionHeaders(record.properties));
}
