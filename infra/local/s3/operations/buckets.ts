import { readDocument } from '../body/payload.ts';
import type { Call, Operation } from '../call.ts';
import { S3Error } from '../errors.ts';
import { emptyResponse, xmlResponse } from '../http.ts';
import { childText, parseXml } from '../xml-reader.ts';
import { element, xmlDocument } from '../xml-writer.ts';
import { owner } from './owner.ts';

const maxDocumentBytes = 64 * 1024;

export const listBuckets: Operation = ({ env }) =>
  xmlResponse(
    200,
    xmlDocument(
      element('ListAllMyBucketsResult', [
        owner('Owner'),
        element(
          'Buckets',
          env.catalog
            .buckets()
            .map(({ record }) =>
              element('Bucket', [
                element('Name', record.bucket),
                element('CreationDate', new Date(record.createdAtMs).toISOString()),
                element('BucketRegion', env.region),
              ]),
            ),
        ),
      ]),
    ),
  );

export const createBucket: Operation = async (call) => {
  const { bucket, env } = call;
  checkBucketName(bucket);
  await checkLocation(call);
  if (env.catalog.findBucket(bucket) === undefined) {
    env.catalog.createBucket({ kind: 'bucket', bucket, createdAtMs: env.nowMs() });
  } else if (env.region !== 'us-east-1') {
    // In us-east-1 S3 keeps an old promise: creating one's own bucket again succeeds.
    throw new S3Error('BucketAlreadyOwnedByYou', undefined, { fields: { BucketName: bucket } });
  }
  return emptyResponse(200, { location: `/${bucket}` });
};

export const headBucket: Operation = ({ bucket, env }) => {
  env.catalog.bucket(bucket);
  return emptyResponse(200, { 'x-amz-bucket-region': env.region });
};

export const getBucketLocation: Operation = ({ bucket, env }) => {
  env.catalog.bucket(bucket);
  const location = env.region === 'us-east-1' ? '' : env.region;
  return xmlResponse(200, xmlDocument(element('LocationConstraint', location)));
};

/** Buckets here have no versions; S3 says so with an empty document. */
export const getBucketVersioning: Operation = ({ bucket, env }) => {
  env.catalog.bucket(bucket);
  return xmlResponse(200, xmlDocument(element('VersioningConfiguration', '')));
};

export const deleteBucket: Operation = async ({ bucket, env }) => {
  const entry = env.catalog.bucket(bucket);
  if (entry.objects.size > 0) {
    throw new S3Error('BucketNotEmpty', undefined, { fields: { BucketName: bucket } });
  }
  await env.catalog.deleteBucket(entry);
  return emptyResponse(204);
};

/** Throws `InvalidBucketName`. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function checkBucketName(name: string): void {
  const isAllowed =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3)$/.test(name);
  if (!isAllowed) throw new S3Error('InvalidBucketName', undefined, { fields: { BucketName: name } });
}

async function checkLocation({ request, proof, env }: Call): Promise<void> {
  const { bytes } = await readDocument(request, proof, maxDocumentBytes);
  const location = bytes.byteLength === 0 ? undefined : childText(parseXml(bytes), 'LocationConstraint');
  const wanted = location === undefined || location === '' ? 'us-east-1' : location;
  // An endpoint in us-east-1 takes no other; elsewhere S3 demands the constraint, here its absence means "here".
  if (wanted !== env.region && location !== undefined)
    throw new S3Error('IllegalLocationConstraintException');
}
