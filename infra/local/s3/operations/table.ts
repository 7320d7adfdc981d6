import type { Operation } from '../call.ts';
import { S3Error } from '../errors.ts';
import type { S3Request } from '../http.ts';
import type { Target } from '../target.ts';
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
} from './buckets.ts';
import { completeMultipartUpload } from './complete.ts';
import { deleteObject, deleteObjects } from './deleting.ts';
import { listObjects, listObjectsV2 } from './listing.ts';
import { abortMultipartUpload, createMultipartUpload, uploadPart, uploadPartCopy } from './multipart.ts';
import { listMultipartUploads, listParts } from './multipart-listing.ts';
import { getObject, headObject } from './reading.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './tagging.ts';
import { copyObject, putObject } from './writing.ts';

interface Row {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly on: 'service' | 'bucket' | 'object';
  /** Subresources that must be in the query. */
  readonly query: readonly string[];
  readonly run: Operation;
  /** A header that must be there. */
  readonly header?: string;
  /** Subresources that may be in the query. */
  readonly alsoQuery?: readonly string[];
}

const copySource = 'x-amz-copy-source';

/** Every operation of this server. The first row that fits a request is the one. */
const rows = {
  ListBuckets: { method: 'GET', on: 'service', query: [], run: listBuckets },

  GetBucketLocation: { method: 'GET', on: 'bucket', query: ['location'], run: getBucketLocation },
  GetBucketVersioning: { method: 'GET', on: 'bucket', query: ['versioning'], run: getBucketVersioning },
  ListMultipartUploads: { method: 'GET', on: 'bucket', query: ['uploads'], run: listMultipartUploads },
  ListObjectsV2: { method: 'GET', on: 'bucket', query: ['list-type'], run: listObjectsV2 },
  ListObjects: { method: 'GET', on: 'bucket', query: [], run: listObjects },
  HeadBucket: { method: 'HEAD', on: 'bucket', query: [], run: headBucket },
  CreateBucket: { method: 'PUT', on: 'bucket', query: [], run: createBucket },
  DeleteObjects: { method: 'POST', on: 'bucket', query: ['delete'], run: deleteObjects },
  DeleteBucket: { method: 'DELETE', on: 'bucket', query: [], run: deleteBucket },

  ListParts: { method: 'GET', on: 'object', query: ['uploadId'], run: listParts },
  GetObjectTagging: { method: 'GET', on: 'object', query: ['tagging'], run: getObjectTagging },
  GetObject: { method: 'GET', on: 'object', query: [], alsoQuery: ['partNumber'], run: getObject },
  HeadObject: { method: 'HEAD', on: 'object', query: [], alsoQuery: ['partNumber'], run: headObject },
  UploadPartCopy: {
    method: 'PUT',
    on: 'object',
    query: ['partNumber', 'uploadId'],
    header: copySource,
    run: uploadPartCopy,
  },
  UploadPart: { method: 'PUT', on: 'object', query: ['partNumber', 'uploadId'], run: uploadPart },
  PutObjectTagging: { method: 'PUT', on: 'object', query: ['tagging'], run: putObjectTagging },
  CopyObject: { method: 'PUT', on: 'object', query: [], header: copySource, run: copyObject },
  PutObject: { method: 'PUT', on: 'object', query: [], run: putObject },
  CreateMultipartUpload: { method: 'POST', on: 'object', query: ['uploads'], run: createMultipartUpload },
  CompleteMultipartUpload: {
    method: 'POST',
    on: 'object',
    query: ['uploadId'],
    run: completeMultipartUpload,
  },
  AbortMultipartUpload: { method: 'DELETE', on: 'object', query: ['uploadId'], run: abortMultipartUpload },
  DeleteObjectTagging: { method: 'DELETE', on: 'object', query: ['tagging'], run: deleteObjectTagging },
  DeleteObject: { method: 'DELETE', on: 'object', query: [], run: deleteObject },
} as const satisfies Readonly<Record<string, Row>>;

/** An operation's name, as the API Reference spells it. */
export type OperationName = keyof typeof rows;

export const operationNames = Object.keys(rows).filter(isOperationName);

/** Query names that select another operation: one that a row does not name must never be overlooked. */
const subresources = new Set([
  ...[
    'abac',
    'accelerate',
    'acl',
    'analytics',
    'attributes',
    'cors',
    'delete',
    'encryption',
    'intelligent-tiering',
  ],
  ...['inventory', 'legal-hold', 'lifecycle', 'list-type', 'location', 'logging', 'metadataConfiguration'],
  ...['metadataTable', 'metrics', 'notification', 'object-lock', 'ownershipControls', 'partNumber', 'policy'],
  ...[
    'policyStatus',
    'publicAccessBlock',
    'renameObject',
    'replication',
    'requestPayment',
    'restore',
    'retention',
  ],
  ...[
    'select',
    'session',
    'tagging',
    'torrent',
    'uploadId',
    'uploads',
    'versionId',
    'versioning',
    'versions',
  ],
  ...['website'],
]);

/** The operation that a request asks for. Throws `NotImplemented` or `MethodNotAllowed`. */
export function route(request: S3Request, target: Target): { name: OperationName; run: Operation } {
  const on = target.bucket === '' ? 'service' : target.key === '' ? 'bucket' : 'object';
  const asked = target.query.pairs.map(([name]) => name).filter((name) => subresources.has(name));
  const name = operationNames.find((candidate) => {
    const row: Row = rows[candidate];
    return (
      row.method === request.method &&
      row.on === on &&
      row.query.every((subresource) => asked.includes(subresource)) &&
      asked.every((subresource) => row.query.includes(subresource) || row.alsoQuery?.includes(subresource)) &&
      (row.header === undefined || request.headers[row.header] !== undefined)
    );
  });
  if (name !== undefined) return { name, run: rows[name].run };
  throw asked.length > 0
    ? new S3Error('NotImplemented', undefined, { fields: { Query: asked.join(', ') } })
    : new S3Error('MethodNotAllowed', undefined, { fields: { Method: request.method } });
}

function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(rows, name);
}
