import { createServer, type Server } from 'node:http';
import { DeleteObjectsCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
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

  it('over HTTPS the bytes of uploads are not signed, unless that is asked for or no CRC32 goes along', async () => {
    const headerWith = async (variables: Readonly<Record<string, string>>) => {
      const client = clientWith({ AWS_ENDPOINT_URL_S3: 'https://127.0.0.1:1', ...variables });
      let header: string | undefined;
      client.middlewareStack.add(
        () => async (args) => {
          const { headers } = z.object({ headers: z.record(z.string(), z.string()) }).parse(args.request);
          header = headers['x-amz-content-sha256'];
          throw new Error('seen');
        },
        { step: 'finalizeRequest', priority: 'low', name: 'see' },
      );
      const command = new PutObjectCommand({ Bucket: 'bucket', Key: 'key', Body: Buffer.from('abc') });
      await expect(client.send(command)).rejects.toThrow('seen');
      client.destroy();
      return header;
    };
    expect(await headerWith({})).toBe('UNSIGNED-PAYLOAD');
    expect(await headerWith({ S3_PAYLOAD_SIGNING: 'on' })).toEqual(digest);
    expect(await headerWith({ S3_OBJECT_CHECKSUMS: 'off' })).toEqual(digest);
  });

  it.each([
    ['what is neither on nor off', { S3_PAYLOAD_SIGNING: 'maybe' }, /neither on nor off/],
    [
      'neither a signature nor a checksum',
      { S3_PAYLOAD_SIGNING: 'off', S3_OBJECT_CHECKSUMS: 'off' },
      /nobody would notice/,
    ],
  ] as const)('%s is a mistake', (_, variables, message) => {
    expect(() => clientWith(variables)).toThrow(message);
  });
});
