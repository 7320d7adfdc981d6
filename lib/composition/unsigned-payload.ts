import type { S3Client } from '@aws-sdk/client-s3';

/** Calls whose bodies carry the bytes of an upload, and their CRC32 in a header that is signed. */
const carriers = new Set(['PutObjectCommand', 'UploadPartCommand']);

/**
 * Has a client leave the bodies of uploads out of its signature, `over-tls` or `always`: TLS protects them on the way, S3
 * checks their CRC32, and a SHA-256 of every byte is the largest single cost of a fragment
 * [S3 User Guide, "Signature Calculations for the Authorization Header": UNSIGNED-PAYLOAD].
 */
export const leavePayloadsUnsigned = (client: S3Client, when: 'over-tls' | 'always'): void => {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const { request } = args;
        if (commandName === undefined || !carriers.has(commandName) || !isRequest(request)) return next(args);
        if (when === 'always' || request.protocol === 'https:') {
          request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
        }
        return next(args);
      },
    { step: 'build', name: 'leavePayloadsUnsigned' },
  );
};

interface Request {
  readonly protocol: unknown;
  readonly headers: Record<string, string>;
}

const isRequest = (request: unknown): request is Request =>
  typeof request === 'object' &&
  request !== null &&
  'protocol' in request &&
  'headers' in request &&
  typeof request.headers === 'object';
