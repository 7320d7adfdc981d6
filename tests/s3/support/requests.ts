import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expectError } from './behaviour.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** What most behaviours ask of the server's bucket, in one word each. The server is asked for when a request is sent. */
export const requestsOf = (server: () => ServerUnderTest) => ({
  put: (Key: string, Body: string | Uint8Array, more: object = {}) =>
    server().client.send(
      new PutObjectCommand({ Bucket: server().bucket, Key, Body: Buffer.from(Body), ...more }),
    ),
  get: (Key: string, more: object = {}) =>
    server().client.send(new GetObjectCommand({ Bucket: server().bucket, Key, ...more })),
  head: (Key: string, more: object = {}) =>
    server().client.send(new HeadObjectCommand({ Bucket: server().bucket, Key, ...more })),
});

/** What became of an object whose write had a checksum. */
export const checksumsOf = (server: () => ServerUnderTest) => {
  const { head } = requestsOf(server);
  const headWithChecksums = (Key: string) => head(Key, { ChecksumMode: 'ENABLED' });
  return {
    head: headWithChecksums,
    isAbsent: (Key: string) => expectError(headWithChecksums(Key), 'NotFound', 404),
  };
};
