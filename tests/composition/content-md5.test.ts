import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { DeleteObjectsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Client } from '../../lib/composition/clients.ts';

describe('S3_CONTENT_MD5', () => {
  const seen: { readonly md5: string | undefined; readonly body: Buffer }[] = [];
  let server: Server;
  let endpoint = '';

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const md5 = request.headers['content-md5'];
        seen.push({ md5: typeof md5 === 'string' ? md5 : undefined, body: Buffer.concat(chunks) });
        response.setHeader('Content-Type', 'application/xml');
        response.end('<DeleteResult/>');
      });
    });
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
    const address = server.address();
    endpoint = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
  });

  const sentWith = async (value: string | undefined) => {
    const client = s3Client({
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'KEY',
      AWS_SECRET_ACCESS_KEY: 'secret',
      ...(value === undefined ? {} : { S3_CONTENT_MD5: value }),
    });
    seen.length = 0;
    await client.send(new DeleteObjectsCommand({ Bucket: 'bucket', Delete: { Objects: [{ Key: 'ü' }] } }));
    await client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: Buffer.from('x') }));
    client.destroy();
    return [...seen];
  };

  it('on: DeleteObjects carries the MD5 of what is sent, other calls do not', async () => {
    const [deletion, put] = await sentWith('on');
    expect(deletion?.body.toString()).toContain('ü');
    expect(deletion?.md5).toBe(
      createHash('md5')
        .update(deletion?.body ?? '')
        .digest('base64'),
    );
    expect(put?.md5).toBeUndefined();
  });

  it.each([undefined, '', 'off'])('%s: nothing carries one, as S3 wants it', async (value) => {
    expect((await sentWith(value)).map(({ md5 }) => md5)).toEqual([undefined, undefined]);
  });
});
