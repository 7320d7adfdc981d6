import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';

const s3 = new S3Client({ forcePathStyle: process.env.AWS_ENDPOINT_URL_S3 !== undefined });

/**
 * A consumer of `Upload Published`: looks at the object that the event is about, and says in one line what it found. It may
 * get an event twice; whoever does what may be done only once remembers `detail.id`. Fields: docs/events.md.
 */
export const handler = async ({ 'detail-type': type, detail }) => {
  if (type !== 'Upload Published' || detail.schemaVersion !== 1) throw new Error(`not for me: ${type}`);
  const { id, bucket, key, crc32 } = detail;
  const object = { Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' };
  const { ContentLength, ChecksumCRC32, Metadata = {} } = await s3.send(new HeadObjectCommand(object));
  const found = {
    event: id,
    object: `s3://${bucket}/${key}`,
    size: ContentLength,
    name: decodeURIComponent(Metadata['bits-original-name'] ?? ''),
    // Overwritten since, where the destination allows that.
    isThatFile: ChecksumCRC32 === crc32,
  };
  console.log(JSON.stringify(found));
  return found;
};
