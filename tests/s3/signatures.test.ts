import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { behaviour, expectError } from './support/behaviour.ts';
import { bytesOf, patternedBytes } from './support/bytes.ts';
import { type RawResponse, type ServerUnderTest, sendRaw, startServer } from './support/server-under-test.ts';
import { presign, type Signer, sha256, signChunks, signHeaders } from './support/signing.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
  await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'there', Body: 'bytes' }));
});
afterAll(() => s3.stop());

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const verdict = ({ status, code }: RawResponse) => [status, code];
const isAbsent = (Key: string) =>
  expectError(s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key })), 'NotFound', 404);

describe('the Authorization header', () => {
  interface Change {
    readonly signer?: Partial<Signer>;
    readonly payloadHash?: string;
    readonly sent?: (headers: Record<string, string>) => Record<string, string>;
    readonly path?: (path: string) => string;
  }
  async function getThere({
    signer = {},
    payloadHash = sha256(''),
    sent = (h) => h,
    path = (p) => p,
  }: Change) {
    const request = {
      method: 'GET',
      path: `/${s3.bucket}/there`,
      query: { 'x-id': 'GetObject' },
      headers: { host: s3.endpoint.host, 'x-amz-checksum-mode': 'ENABLED' },
    };
    const signed = signHeaders(request, payloadHash, { ...s3.signer(), ...signer });
    return sendRaw(s3.endpoint, {
      method: 'GET',
      path: path(signed.path),
      headers: sent({ ...signed.headers }),
    });
  }

  behaviour('that is right is accepted', async () => {
    const answer = await getThere({});
    expect(verdict(answer)).toEqual([200, '']);
    expect(answer.body.toString()).toBe('bytes');
  });

  behaviour('of fourteen minutes ago is accepted', async () => {
    expect(verdict(await getThere({ signer: { signedAt: minutesAgo(14) } }))).toEqual([200, '']);
  });

  const tampered = (authorization: string) =>
    authorization.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  const table: readonly (readonly [string, Change, number, string])[] = [
    ['a wrong secret', { signer: { secretAccessKey: 'wrong' } }, 403, 'SignatureDoesNotMatch'],
    ['an unknown access key', { signer: { accessKeyId: 'UNKNOWN' } }, 403, 'InvalidAccessKeyId'],
    ['another region', { signer: { region: 'mars-north-1' } }, 400, 'AuthorizationHeaderMalformed'],
    ['a time of sixteen minutes ago', { signer: { signedAt: minutesAgo(16) } }, 403, 'RequestTimeTooSkewed'],
    ['a time to come', { signer: { signedAt: minutesAgo(-16) } }, 403, 'RequestTimeTooSkewed'],
    ['a changed path', { path: (path) => path.replace('there', 'other') }, 403, 'SignatureDoesNotMatch'],
    ['a changed query', { path: (path) => `${path}&more=1` }, 403, 'SignatureDoesNotMatch'],
    [
      'a changed header',
      { sent: (headers) => ({ ...headers, 'x-amz-checksum-mode': 'DISABLED' }) },
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'a changed signature',
      { sent: (headers) => ({ ...headers, authorization: tampered(headers['authorization'] ?? '') }) },
      403,
      'SignatureDoesNotMatch',
    ],
    ['an x-amz- header unsigned', { sent: (h) => ({ ...h, 'x-amz-acl': 'private' }) }, 403, 'AccessDenied'],
    [
      'no fields',
      { sent: (h) => ({ ...h, authorization: 'AWS4-HMAC-SHA256 x' }) },
      400,
      'AuthorizationHeaderMalformed',
    ],
    ['another scheme', { sent: (h) => ({ ...h, authorization: 'Basic eDp5' }) }, 400, 'InvalidRequest'],
    ['nothing', { sent: ({ authorization: _, ...h }) => h }, 403, 'AccessDenied'],
  ];
  for (const [title, change, status, code] of table) {
    behaviour(`with ${title}: ${status} ${code}`, async () => {
      expect(verdict(await getThere(change))).toEqual([status, code]);
    });
  }
});

describe('the body', () => {
  const body = Buffer.from('the body that was signed');

  behaviour('must have the digest that was signed', async () => {
    const payloadHash = sha256('another body');
    const answer = await s3.send({ method: 'PUT', key: 'digest', body, payloadHash });
    expect(verdict(answer)).toEqual([400, 'XAmzContentSHA256Mismatch']);
    await isAbsent('digest');
  });

  behaviour('may be left unsigned', async () => {
    const answer = await s3.send({ method: 'PUT', key: 'unsigned', body, payloadHash: 'UNSIGNED-PAYLOAD' });
    expect(verdict(answer)).toEqual([200, '']);
  });

  behaviour('may be a stream, which the SDK sends in chunks with a trailer', async () => {
    const bytes = patternedBytes(1_500_000, 5);
    const chunks = [bytes.subarray(0, 700_000), bytes.subarray(700_000)];
    await s3.client.send(
      new PutObjectCommand({
        Bucket: s3.bucket,
        Key: 'stream',
        Body: Readable.from(chunks),
        ContentLength: bytes.byteLength,
      }),
    );
    const answer = await s3.client.send(new GetObjectCommand({ Bucket: s3.bucket, Key: 'stream' }));
    expect(answer.ContentEncoding).toBeUndefined();
    expect((await bytesOf(answer)).equals(bytes)).toBe(true);
  });

  interface Chunked {
    readonly chunks?: readonly Uint8Array[];
    readonly trailer?: Readonly<Record<string, string>>;
    readonly change?: (body: Buffer) => Buffer;
  }
  async function putChunks(key: string, { chunks = [body, body], trailer, change = (b) => b }: Chunked) {
    const signer = s3.signer();
    const signed = signHeaders(
      {
        method: 'PUT',
        path: `/${s3.bucket}/${key}`,
        headers: {
          host: s3.endpoint.host,
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': String(2 * body.byteLength),
          ...(trailer === undefined ? {} : { 'x-amz-trailer': Object.keys(trailer).join(',') }),
        },
      },
      `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailer === undefined ? '' : '-TRAILER'}`,
      signer,
    );
    const sent = change(signChunks(chunks, signed.signature, signer, trailer));
    return sendRaw(s3.endpoint, {
      method: 'PUT',
      path: signed.path,
      headers: { ...signed.headers, 'content-length': String(sent.byteLength) },
      body: sent,
    });
  }
  const replace = (from: string, to: string) => (sent: Buffer) =>
    Buffer.from(sent.toString().replace(from, to));
  const trailer = {
    'x-amz-checksum-sha256': Buffer.from(sha256(Buffer.concat([body, body])), 'hex').toString('base64'),
  };

  const table: readonly (readonly [string, Chunked, number, string])[] = [
    ['signed chunks', {}, 200, ''],
    ['signed chunks and a signed trailer', { trailer }, 200, ''],
    ['a changed chunk', { change: replace('signed', 'forged') }, 403, 'SignatureDoesNotMatch'],
    ['a changed trailer', { trailer, change: replace('sha256:', 'sha256:A') }, 403, 'SignatureDoesNotMatch'],
    [
      'an unsigned trailer',
      { trailer, change: replace('x-amz-trailer-signature', 'x-other') },
      403,
      'SignatureDoesNotMatch',
    ],
    ['a chunk missing', { chunks: [body] }, 400, 'IncompleteBody'],
    ['a chunk too many', { chunks: [body, body, body] }, 400, 'IncompleteBody'],
    ['the end missing', { change: (sent) => sent.subarray(0, -90) }, 400, 'IncompleteBody'],
    ['a chunk header that is none', { change: replace('18;chunk', 'xx;chunk') }, 400, 'IncompleteBody'],
  ];
  for (const [title, chunked, status, code] of table) {
    behaviour(`${title}: ${status} ${code}`, async () => {
      const key = `chunks ${title}`;
      expect(verdict(await putChunks(key, chunked))).toEqual([status, code]);
      if (status !== 200) return isAbsent(key);
      const answer = await s3.client.send(new GetObjectCommand({ Bucket: s3.bucket, Key: key }));
      expect(await bytesOf(answer)).toEqual(Buffer.concat([body, body]));
    });
  }
});

describe('a presigned URL', () => {
  interface Presigned {
    readonly method?: string;
    readonly signedMethod?: string;
    readonly key?: string;
    readonly query?: Readonly<Record<string, string>>;
    readonly expiresSeconds?: number;
    readonly signer?: Partial<Signer>;
    readonly change?: (path: string) => string;
    readonly body?: Buffer;
  }
  function follow(presigned: Presigned) {
    const { method = 'GET', key = 'there', expiresSeconds = 300, change = (path) => path } = presigned;
    const request = {
      method: presigned.signedMethod ?? method,
      path: `/${s3.bucket}/${key}`,
      query: presigned.query ?? {},
      headers: { host: s3.endpoint.host },
    };
    const { path, headers } = presign(request, expiresSeconds, { ...s3.signer(), ...presigned.signer });
    const length =
      presigned.body === undefined ? {} : { 'content-length': String(presigned.body.byteLength) };
    return sendRaw(s3.endpoint, {
      method,
      path: change(path),
      headers: { ...headers, ...length },
      body: presigned.body ?? Buffer.alloc(0),
    });
  }

  behaviour('gets an object', async () => {
    const answer = await follow({ query: { 'response-content-type': 'text/plain' } });
    expect(verdict(answer)).toEqual([200, '']);
    expect(answer.body.toString()).toBe('bytes');
    expect(answer.headers['content-type']).toBe('text/plain');
  });

  behaviour('puts an object whose key is anything but plain', async () => {
    const key = "presigned/ü +%'()*";
    expect(verdict(await follow({ method: 'PUT', key, body: Buffer.from('sent') }))).toEqual([200, '']);
    const answer = await s3.client.send(new GetObjectCommand({ Bucket: s3.bucket, Key: key }));
    expect((await bytesOf(answer)).toString()).toBe('sent');
  });

  behaviour('still holds shortly before it expires', async () => {
    const answer = await follow({ expiresSeconds: 3600, signer: { signedAt: minutesAgo(59) } });
    expect(verdict(answer)).toEqual([200, '']);
  });

  const code = 'AuthorizationQueryParametersError';
  const table: readonly (readonly [string, Presigned, number, string])[] = [
    ['that has expired', { expiresSeconds: 3600, signer: { signedAt: minutesAgo(61) } }, 403, 'AccessDenied'],
    ['of a time to come', { signer: { signedAt: minutesAgo(-30) } }, 403, 'AccessDenied'],
    ['used with another method', { method: 'HEAD', signedMethod: 'GET' }, 403, ''],
    ['of a wrong secret', { signer: { secretAccessKey: 'wrong' } }, 403, 'SignatureDoesNotMatch'],
    ['of an unknown key', { signer: { accessKeyId: 'UNKNOWN' } }, 403, 'InvalidAccessKeyId'],
    [
      'changed to another object',
      { change: (path) => path.replace('there', 'other') },
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'whose time was stretched',
      { change: (path) => path.replace('X-Amz-Expires=300', 'X-Amz-Expires=3000') },
      403,
      'SignatureDoesNotMatch',
    ],
    ['for more than a week', { expiresSeconds: 604_801 }, 400, code],
    ['for no time', { expiresSeconds: 0 }, 400, code],
    ['without a date', { change: (path) => path.replace(/X-Amz-Date=\w+&/, '') }, 400, code],
    ['of another algorithm', { change: (path) => path.replace('HMAC-SHA256', 'HMAC-SHA1') }, 400, code],
  ];
  for (const [title, presigned, status, expected] of table) {
    behaviour(`${title}: ${status} ${expected}`, async () => {
      expect(verdict(await follow(presigned))).toEqual([status, expected]);
    });
  }
});
