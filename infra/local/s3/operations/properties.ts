import { S3Error } from '../errors.ts';
import type { RequestHeaders } from '../http.ts';
import type { Properties, Tags } from '../store/records.ts';

const contentHeaders = [
  'cache-control',
  'content-disposition',
  'content-language',
  'expires',
  'x-amz-website-redirect-location',
] as const;

const storageClasses = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
]);

/** Features that would change what is stored: refused rather than ignored. */
const notImplemented = [
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-copy-source-server-side-encryption-customer-algorithm',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold',
  'x-amz-write-offset-bytes',
];

const ownerOnlyAcls = new Set(['private', 'bucket-owner-full-control']);
const encryptionHeader = 'x-amz-server-side-encryption';
const kmsKeyHeader = 'x-amz-server-side-encryption-aws-kms-key-id';
const bucketKeyHeader = 'x-amz-server-side-encryption-bucket-key-enabled';
const metadataPrefix = 'x-amz-meta-';
const maxMetadataBytes = 2048;

/** Everything that a writing request says about its object besides the bytes. */
export function propertiesOf(headers: RequestHeaders): Properties {
  refuseUnknown(headers);
  return {
    headers: { ...describe(headers), ...encryptionOf(headers) },
    storageClass: storageClassOf(headers),
    tags: tagsOfHeader(headers['x-amz-tagging']),
  };
}

/** As {@link propertiesOf}, for a copy that keeps the description or the tags of its source. */
export function propertiesOfCopy(headers: RequestHeaders, source: Properties, sourceTags: Tags): Properties {
  const own = propertiesOf(headers);
  const keepsDescription = directive(headers, 'x-amz-metadata-directive') === 'COPY';
  const keepsTags = directive(headers, 'x-amz-tagging-directive') === 'COPY';
  const sourceDescription = Object.fromEntries(
    Object.entries(source.headers).filter(([name]) => !name.startsWith(encryptionHeader)),
  );
  return {
    headers: keepsDescription ? { ...sourceDescription, ...encryptionOf(headers) } : own.headers,
    storageClass: own.storageClass,
    tags: keepsTags ? sourceTags : own.tags,
  };
}

/** `COPY`, the default, or `REPLACE`. */
export function directive(
  headers: RequestHeaders,
  name: 'x-amz-metadata-directive' | 'x-amz-tagging-directive',
): 'COPY' | 'REPLACE' {
  const value = headers[name] ?? 'COPY';
  if (value !== 'COPY' && value !== 'REPLACE') throw new S3Error('InvalidArgument', `Unknown ${name}.`);
  return value;
}

/** The encryption headers that S3 repeats in the answer to a write. */
export function encryptionHeaders(properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties.headers).filter(([name]) => name.startsWith(encryptionHeader)),
  );
}

/** Whether KMS encrypts the object, so that its ETag is no digest of its bytes. */
export function usesKms(properties: Properties): boolean {
  return properties.headers[encryptionHeader]?.startsWith('aws:kms') ?? false;
}

/** Check the limits of tags: 10 of them, unlike names of 1 to 128 characters, values up to 256. `InvalidTag`. */
export function checkTags(tags: Tags): Tags {
  const names = new Set(tags.map((tag) => tag.name));
  if (tags.length > 10) throw new S3Error('InvalidTag', 'Object tags cannot be greater than 10');
  if (names.size !== tags.length)
    throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key');
  for (const { name, value } of tags) {
    if (name.length < 1 || name.length > 128)
      throw new S3Error('InvalidTag', 'The TagKey you have provided is invalid');
    if (value.length > 256) throw new S3Error('InvalidTag', 'The TagValue you have provided is invalid');
  }
  return tags;
}

function describe(headers: RequestHeaders): Record<string, string> {
  const described: Record<string, string> = {
    'content-type': headers['content-type'] ?? 'binary/octet-stream',
  };
  for (const name of contentHeaders) {
    const value = headers[name];
    if (value !== undefined) described[name] = value;
  }
  // aws-chunked is how the request was sent, not what the object is.
  const encodings = (headers['content-encoding'] ?? '').split(',').map((coding) => coding.trim());
  const kept = encodings.filter((coding) => coding !== '' && coding !== 'aws-chunked');
  if (kept.length > 0) described['content-encoding'] = kept.join(',');
  let metadataBytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(metadataPrefix) || value === undefined) continue;
    metadataBytes += name.length - metadataPrefix.length + Buffer.byteLength(value);
    described[name] = value;
  }
  if (metadataBytes > maxMetadataBytes) {
    throw new S3Error('MetadataTooLarge', undefined, {
      fields: { Size: String(metadataBytes), MaxSizeAllowed: String(maxMetadataBytes) },
    });
  }
  return described;
}

function encryptionOf(headers: RequestHeaders): Record<string, string> {
  const algorithm = headers[encryptionHeader] ?? 'AES256';
  const kmsKey = headers[kmsKeyHeader];
  if (algorithm === 'AES256') {
    if (kmsKey !== undefined) {
      throw new S3Error(
        'InvalidArgument',
        'A KMS key id needs the encryption method aws:kms or aws:kms:dsse.',
      );
    }
    return { [encryptionHeader]: algorithm };
  }
  if (algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse') {
    throw new S3Error('InvalidArgument', 'The encryption method specified is not supported');
  }
  return {
    [encryptionHeader]: algorithm,
    ...(kmsKey === undefined ? {} : { [kmsKeyHeader]: kmsKey }),
    ...(headers[bucketKeyHeader] === 'true' ? { [bucketKeyHeader]: 'true' } : {}),
  };
}

function storageClassOf(headers: RequestHeaders): string {
  const storageClass = headers['x-amz-storage-class'] ?? 'STANDARD';
  if (!storageClasses.has(storageClass)) throw new S3Error('InvalidStorageClass');
  return storageClass;
}

/** The header is a form-encoded list, where a plus is a space. */
function tagsOfHeader(header: string | undefined): Tags {
  return checkTags([...new URLSearchParams(header ?? '')].map(([name, value]) => ({ name, value })));
}

function refuseUnknown(headers: RequestHeaders): void {
  const refused = notImplemented.find((name) => headers[name] !== undefined);
  if (refused !== undefined) throw new S3Error('NotImplemented', undefined, { fields: { Header: refused } });
  const acl = headers['x-amz-acl'];
  if (acl !== undefined && !ownerOnlyAcls.has(acl)) throw new S3Error('AccessControlListNotSupported');
}
