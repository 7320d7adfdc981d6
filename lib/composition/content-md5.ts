import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';

/**
 * Makes a client send `Content-MD5` with DeleteObjects, beside the CRC32 that the SDK sends since S3 takes either.
 * Servers that know no object checksums still insist on it, as S3 did before.
 */
export const sendContentMd5 = (client: S3Client): void => {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        if (commandName === 'DeleteObjectsCommand' && hasTextBody(args.request)) {
          const { headers, body } = args.request;
          headers['content-md5'] = createHash('md5').update(body).digest('base64');
        }
        return next(args);
      },
    { step: 'build', name: 'sendContentMd5' },
  );
};

interface TextRequest {
  readonly headers: Record<string, unknown>;
  readonly body: string | Uint8Array;
}

const hasTextBody = (request: unknown): request is TextRequest =>
  typeof request === 'object' &&
  request !== null &&
  'headers' in request &&
  typeof request.headers === 'object' &&
  'body' in request &&
  (typeof request.body === 'string' || request.body instanceof Uint8Array);
