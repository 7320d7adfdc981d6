import { describe, expect, it } from 'vitest';
import { openEmbeddedS3, type S3Request } from '../../../infra/local/s3/index.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/**
 * The worked examples of Amazon's own description, with its published example credentials: requests signed by
 * somebody else, so that an error common to our two implementations of the signature cannot hide.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const host = 'examplebucket.s3.amazonaws.com';
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const scope = `${credentials.accessKeyId}/20130524/us-east-1/s3/aws4_request`;

function authorization(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=${signedHeaders},Signature=${signature}`;
}

const a = (count: number) => 'a'.repeat(count);
const chunk = (size: number, signature: string) =>
  `${size.toString(16)};chunk-signature=${signature}\r\n${a(size)}\r\n`;

const signedChunks = [
  chunk(65_536, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'),
  chunk(1024, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'),
  chunk(0, 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'),
].join('');

const chunkedHeaders = {
  host: 's3.amazonaws.com',
  'x-amz-date': '20130524T000000Z',
  'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  'content-encoding': 'aws-chunked',
  'x-amz-decoded-content-length': '66560',
};

const examples: readonly (readonly [string, S3Request, number, string])[] = [
  [
    'PUT an object',
    {
      method: 'PUT',
      path: '/test%24file.text',
      headers: {
        host,
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-date': '20130524T000000Z',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
        authorization: authorization(
          'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
          '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
        ),
      },
      body: Buffer.from('Welcome to Amazon S3.'),
    },
    200,
    '',
  ],
  [
    'GET a range of an object that is not there',
    {
      method: 'GET',
      path: '/test.txt',
      headers: {
        host,
        range: 'bytes=0-9',
        'x-amz-date': '20130524T000000Z',
        'x-amz-content-sha256': emptySha256,
        authorization: authorization(
          'host;range;x-amz-content-sha256;x-amz-date',
          'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
        ),
      },
    },
    404,
    'NoSuchKey',
  ],
  [
    'list a bucket',
    {
      method: 'GET',
      path: '/?max-keys=2&prefix=J',
      headers: {
        host,
        'x-amz-date': '20130524T000000Z',
        'x-amz-content-sha256': emptySha256,
        authorization: authorization(
          'host;x-amz-content-sha256;x-amz-date',
          '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
        ),
      },
    },
    200,
    '',
  ],
  [
    'GET by a presigned URL',
    {
      method: 'GET',
      path: `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(scope)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
      headers: { host },
    },
    404,
    'NoSuchKey',
  ],
  [
    'PUT in signed chunks',
    {
      method: 'PUT',
      path: '/examplebucket/chunkObject.txt',
      headers: {
        ...chunkedHeaders,
        'content-length': '66824',
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        authorization: authorization(
          'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
          '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
        ),
      },
      body: Buffer.from(signedChunks),
    },
    200,
    '',
  ],
  [
    'PUT in signed chunks with a signed trailer',
    {
      method: 'PUT',
      path: '/examplebucket/chunkObject.txt',
      headers: {
        ...chunkedHeaders,
        'x-amz-trailer': 'x-amz-checksum-crc32c',
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
        authorization: authorization(
          'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
          '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
        ),
      },
      body: Buffer.from(
        [
          chunk(65_536, 'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2'),
          chunk(1024, '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7'),
          '0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n',
          'x-amz-checksum-crc32c:sOO8/Q==\r\n',
          'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n',
        ].join(''),
      ),
    },
    200,
    '',
  ],
];

const midnight = Date.parse('2013-05-24T00:00:00Z');

async function open(nowMs: number) {
  const dataDir = await tempFolder();
  return openEmbeddedS3({
    dataDir,
    region: 'us-east-1',
    credentials,
    buckets: ['examplebucket'],
    now: () => nowMs,
  });
}

describe('the published examples', () => {
  for (const [title, request, status, code] of examples) {
    it(`${title}: the signature holds`, async () => {
      const s3 = await open(midnight);
      const answer = await s3.handle(request);
      const text = Buffer.from(answer.body instanceof Uint8Array ? answer.body : []).toString();
      expect([answer.status, /<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? '']).toEqual([status, code]);
    });
  }

  it('the signature of another date does not', async () => {
    const s3 = await open(midnight);
    for (const [title, request] of examples) {
      const changed = {
        ...request,
        path: request.path.replaceAll('20130524T000000Z', '20130524T000001Z'),
        headers: { ...request.headers, 'x-amz-date': '20130524T000001Z' },
      };
      expect((await s3.handle(changed)).status, title).toBe(403);
    }
  });

  it('the presigned URL holds for a day and no longer, by the clock that the server was given', async () => {
    const [, request] = examples[3] ?? expect.unreachable();
    const dayMs = 24 * 3600 * 1000;
    expect((await (await open(midnight + dayMs - 1)).handle(request)).status).toBe(404);
    expect((await (await open(midnight + dayMs)).handle(request)).status).toBe(403);
  });
});
