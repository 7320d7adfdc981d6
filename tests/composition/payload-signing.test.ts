import { createServer, type Server } from 'node:http';
import { DeleteObjectsCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Client } from '../../lib/composition/clients.ts';

describe('S3_PAYLOAD_SIGNING', () => {
  let server: Server;
  let endpoint = '';
  let seen: (string | undefined)[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request.headers['x-amz-content-sha256']?.toString());
      request.resume();
      response.setHeader('Content-Type', 'application/xml');
      response.end(request.method === 'POST' ? '<DeleteResult/>' : '');
    });
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
    const address = server.address();
    endpoint = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
  });

  const clientWith = (variables: Readonly<Record<string, string>>) =>
    s3Client({
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'KEY',
      AWS_SECRET_ACCESS_KEY: 'secret',
      ...variables,
    });

  const sentWith = async (value: string | undefined) => {
    const client = clientWith({
      AWS_ENDPOINT_URL_S3: endpoint,
      ...(value === undefined ? {} : { S3_PAYLOAD_SIGNING: value }),
    });
    seen = [];
    const object = { Bucket: 'bucket', Key: 'key' };
    await client.send(new PutObjectCommand({ ...object, Body: Buffer.from('abc') }));
    await client.send(
      new UploadPartCommand({ ...object, UploadId: 'u', PartNumber: 1, Body: Buffer.from('x') }),
    );
    await client.send(new DeleteObjectsCommand({ Bucket: 'bucket', Delete: { Objects: [{ Key: 'key' }] } }));
    client.destroy();
    return seen;
  };
  const digest = expect.stringMatching(/^[0-9a-f]{64}$/);

  it.each([undefined, '', 'on'])('%s: over plain HTTP every body is signed', async (value) => {
    expect(await sentWith(value)).toEqual([digest, digest, digest]);
  });

  it('off: the bytes of uploads are not, commands are', async () => {
    expect(await sentWith('off')).toEqual(['UNSIGNED-PAYLOAD', 'UNSIGNED-PAYLOAD', digest]);
  });

  it.each([
    ['over HTTPS bodies are not signed', { AWS_ENDPOINT_URL_S3: 'https://127.0.0.1:1' }, true],
    ['nor to S3 itself', {}, true],
    ['unless it is asked for', { S3_PAYLOAD_SIGNING: 'on' }, false],
  ] as const)('%s', (_, variables, isUnsigned) => {
    const client = clientWith(variables);
    const steps = client.middlewareStack.identify();
    expect(steps.some((step) => step.startsWith('leavePayloadsUnsigned'))).toBe(isUnsigned);
    client.destroy();
  });

  it('anything else is a mistake', () => {
    expect(() => clientWith({ S3_PAYLOAD_SIGNING: 'maybe' })).toThrow(/neither on nor off/);
  });
});
