import { createHash } from 'node:crypto';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';

// A bucket name in the host name needs DNS, which the S3 of `npm start` does not have.
const s3 = new S3Client({ forcePathStyle: process.env.AWS_ENDPOINT_URL_S3 !== undefined });
const newline = 0x0a;

/**
 * A reply application: the reply to a file is its size, its SHA-256 and the number of its lines, and the file is published.
 * It may be asked about a file again, and answers the same. Event and answer: docs/reply-applications.md.
 */
export const handler = async ({ originalName, upload }) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: upload.bucket, Key: upload.key }));
  const hash = createHash('sha256');
  let lines = 0;
  let last = newline;
  // A chunk at a time: the file may be larger than the function's memory.
  for await (const chunk of Body) {
    hash.update(chunk);
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) lines++;
    last = chunk.at(-1) ?? last;
  }
  // A last line without its end is one too.
  if (last !== newline) lines++;
  const answer = { name: originalName, size: upload.size, sha256: hash.digest('hex'), lines };
  return { publish: true, reply: { text: `${JSON.stringify(answer)}\n` } };
};
