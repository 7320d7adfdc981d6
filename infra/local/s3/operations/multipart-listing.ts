import type { Operation } from '../call.ts';
import { xmlResponse } from '../http.ts';
import type { PartEntry, UploadEntry } from '../store/model.ts';
import { compareKeys } from '../store/sorted-keys.ts';
import { element, type XmlElement, xmlDocument } from '../xml-writer.ts';
import { commonPrefix, pageSize, urlEncoder } from './listing.ts';
import { uploadOf } from './multipart.ts';
import { owner } from './owner.ts';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export const listParts: Operation = (call) => {
  const { query } = call;
  const upload = uploadOf(call);
  const maxParts = pageSize(query, 'max-parts');
  const marker = Number(query.get('part-number-marker') ?? '0') || 0;
  const behind = [...upload.parts.values()]
    .filter(({ record }) => record.partNumber > marker)
    .sort((a, b) => a.record.partNumber - b.record.partNumber);
  const page = behind.slice(0, maxParts);
  const isTruncated = maxParts > 0 && behind.length > page.length;
  const { checksum, properties } = upload.record;
  return xmlResponse(
    200,
    xmlDocument(
      element('ListPartsResult', [
        element('Bucket', call.bucket),
        element('Key', urlEncoder(query)(call.key)),
        element('UploadId', upload.record.uploadId),
        element('PartNumberMarker', marker),
        element('NextPartNumberMarker', page.at(-1)?.record.partNumber ?? 0),
        element('MaxParts', maxParts),
        element('IsTruncated', isTruncated),
        element('EncodingType', query.get('encoding-type')),
        owner('Initiator'),
        owner('Owner'),
        element('StorageClass', properties.storageClass),
        element('ChecksumAlgorithm', checksum?.algorithm),
        element('ChecksumType', checksum?.type),
        ...page.map(describePart),
      ]),
    ),
  );
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export const listMultipartUploads: Operation = ({ bucket, query, env }) => {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const uploadIdMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '');
  const maxUploads = pageSize(query, 'max-uploads');
  const encoded = urlEncoder(query);
  const isBehindMarkers = ({ record }: UploadEntry) => {
    const order = compareKeys(record.key, keyMarker);
    return order > 0 || (order === 0 && uploadIdMarker !== '' && record.uploadId > uploadIdMarker);
  };
  const behind = [...env.catalog.bucket(bucket).uploads.values()]
    .filter((upload) => upload.record.key.startsWith(prefix) && isBehindMarkers(upload))
    .filter(({ record }) => keyMarker === '' || commonPrefix(record.key, prefix, delimiter) !== keyMarker)
    .sort(
      (a, b) => compareKeys(a.record.key, b.record.key) || (a.record.uploadId < b.record.uploadId ? -1 : 1),
    );

  const page: UploadEntry[] = [];
  const groups: string[] = [];
  let last: { readonly key: string; readonly uploadId: string } | undefined;
  let isTruncated = false;
  for (const upload of behind) {
    const group = commonPrefix(upload.record.key, prefix, delimiter);
    if (group !== undefined && groups.at(-1) === group) continue;
    if (page.length + groups.length >= maxUploads) {
      isTruncated = maxUploads > 0;
      break;
    }
    if (group === undefined) page.push(upload);
    else groups.push(group);
    last = group === undefined ? upload.record : { key: group, uploadId: '' };
  }
  return xmlResponse(
    200,
    xmlDocument(
      element('ListMultipartUploadsResult', [
        element('Bucket', bucket),
        element('KeyMarker', encoded(keyMarker)),
        element('UploadIdMarker', uploadIdMarker),
        element('NextKeyMarker', isTruncated && last !== undefined ? encoded(last.key) : undefined),
        element('NextUploadIdMarker', isTruncated ? last?.uploadId : undefined),
        element('Prefix', encoded(prefix)),
        element('Delimiter', delimiter === '' ? undefined : encoded(delimiter)),
        element('MaxUploads', maxUploads),
        element('EncodingType', query.get('encoding-type')),
        element('IsTruncated', isTruncated),
        ...page.map((upload) => describeUpload(upload, encoded)),
        ...groups.map((group) => element('CommonPrefixes', element('Prefix', encoded(group)))),
      ]),
    ),
  );
};

function describePart({ record }: PartEntry): XmlElement {
  return element('Part', [
    element('PartNumber', record.partNumber),
    element('LastModified', new Date(record.lastModifiedMs).toISOString()),
    element('ETag', `"${record.etag}"`),
    element('Size', record.sizeBytes),
    ...(record.checksum === undefined
      ? []
      : [element(`Checksum${record.checksum.algorithm}`, record.checksum.value)]),
  ]);
}

function describeUpload({ record }: UploadEntry, encoded: (text: string) => string): XmlElement {
  return element('Upload', [
    element('Key', encoded(record.key)),
    element('UploadId', record.uploadId),
    owner('Initiator'),
    owner('Owner'),
    element('StorageClass', record.properties.storageClass),
    element('Initiated', new Date(record.initiatedAtMs).toISOString()),
    element('ChecksumAlgorithm', record.checksum?.algorithm),
    element('ChecksumType', record.checksum?.type),
  ]);
}
