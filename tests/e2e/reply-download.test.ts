import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replyPath } from '../../lib/reply/reply-place.ts';
import { toItem } from '../../lib/session/item.ts';
import type { Session } from '../../lib/session/session.ts';
import { replyKey } from '../../lib/upload/held.ts';
import { stored } from '../session/sessions.ts';
import { Authentication } from '../support/bits-client/authentication.ts';
import {
  httpTransport,
  type ReplyOptions,
  type Transport,
  TransportError,
} from '../support/bits-client/index.ts';
import { downloadReply } from '../support/bits-client/reply-download.ts';
import { useLocalStack } from './stack.ts';

const run = promisify(execFile);
const running = useLocalStack();
const small = randomBytes(100_003);
const large = randomBytes(1_500_007);
let database: DynamoDBClient;
let s3: S3Client;

beforeAll(() => {
  const { stack } = running();
  const common = { region: stack.s3.region, credentials: stack.s3.credentials };
  s3 = new S3Client({ ...common, endpoint: stack.s3.endpoint, forcePathStyle: true });
  database = new DynamoDBClient({ ...common, endpoint: stack.dynamodb.endpoint });
});

afterAll(() => {
  s3.destroy();
  database.destroy();
});

/** A session whose application has answered with these bytes. */
const answeredWith = async (body: Uint8Array, endsAtSeconds = 2_000_000_000): Promise<URL> => {
  const { stack } = running();
  const sessionId = randomUUID().toUpperCase();
  const token = randomBytes(16).toString('hex');
  const session: Session = {
    ...stored,
    place: 'holding',
    destination: '/uploads/',
    principal: 'anonymous',
    notification: { is: 'answered', reply: { token }, publish: false, endsAtSeconds },
    sessionId,
  };
  const Key = replyKey(sessionId, token);
  await s3.send(new PutObjectCommand({ Bucket: stack.buckets.staging, Key, Body: body }));
  await database.send(new PutItemCommand({ TableName: stack.dynamodb.table, Item: toItem(session) }));
  return new URL(replyPath(sessionId, token), stack.url);
};

/** Downloads as BITS would. `cut`: which answers break off, and after how many bytes of the body. */
const download = async (url: URL, options: ReplyOptions, cut: readonly (number | undefined)[] = []) => {
  const real = httpTransport();
  const requests: string[] = [];
  const transport: Transport = {
    close: () => real.close(),
    send: async (request, origin, send) => {
      const range = request.headers.find(([name]) => name === 'Range')?.[1];
      const bytes =
        cut[requests.push([request.method, origin.port === url.port ? range : 'S3'].join(' ')) - 1];
      const response = await real.send(request, origin, send);
      if (bytes === undefined) return response;
      const partial = { ...response, body: response.body.subarray(0, bytes) };
      throw new TransportError('BROKEN', 'the connection broke', { partial });
    },
  };
  try {
    const reply = await downloadReply(url, options, {
      transport,
      authentication: new Authentication(undefined, 'challenged-each-time'),
      uploadOrigin: url.origin,
      customHeaders: [],
      userAgent: 'Microsoft BITS/7.8',
      wait: async () => undefined,
    });
    return { reply: Buffer.from(reply), requests };
  } finally {
    transport.close();
  }
};

describe('the BITS client downloads a reply', () => {
  it.each<[string, Buffer, ReplyOptions, number]>([
    ['as a whole', small, { head: false }, 1],
    ['as a whole, after its size', small, { head: true }, 2],
    ['in ranges of an odd size', small, { head: false, rangeBytes: 33_333 }, 4],
    ['in ranges of an odd size, after its size', small, { head: true, rangeBytes: 9_977 }, 12],
    ['in one range that is longer than it', small, { head: false, rangeBytes: 200_000 }, 1],
    ['of no bytes', Buffer.alloc(0), { head: true }, 1],
    ['of no bytes, by a range', Buffer.alloc(0), { head: false, rangeBytes: 100 }, 1],
    ['that is large, from S3', large, { head: false }, 2],
    ['that is large, from S3, after its size', large, { head: true }, 4],
    ['that is large, in ranges that are not', large, { head: false, rangeBytes: 699_999 }, 3],
    ['that is large, in ranges that are large too', large, { head: true, rangeBytes: 1_000_001 }, 5],
  ])('%s', async (_, body, options, count) => {
    const { reply, requests } = await download(await answeredWith(body), options);
    expect(reply.equals(body)).toBe(true);
    expect(requests).toHaveLength(count);
  });

  it('and goes on behind the last byte after a cut, here and at S3', async () => {
    const here = await download(await answeredWith(small), { head: false }, [11_111, undefined]);
    expect(here.requests).toEqual(['GET ', 'GET bytes=11111-100002']);
    expect(here.reply.equals(small)).toBe(true);
    const there = await download(await answeredWith(large), { head: false }, [undefined, 222_222]);
    expect(there.requests).toEqual(['GET ', 'GET S3', 'GET bytes=222222-1500006', 'GET S3']);
    expect(there.reply.equals(large)).toBe(true);
  });

  it('never again, once the session’s time is over', async () => {
    const url = await answeredWith(small, Math.floor(Date.now() / 1000));
    await expect(download(url, { head: true })).rejects.toMatchObject({ code: 'BG_E_HTTP_ERROR_404' });
  });
});

const hasCurl = await run('curl', ['--version']).then(
  () => true,
  () => false,
);
if (!hasCurl) console.log('curl is not installed: what it makes of a reply is not tried');

describe.runIf(hasCurl)('curl agrees', () => {
  const curl = async (...args: readonly string[]) =>
    (await run('curl', ['--silent', ...args], { encoding: 'buffer', maxBuffer: 2 ** 24 })).stdout;

  it('on ranges, and on what lies past the end', async () => {
    const url = (await answeredWith(small)).href;
    expect((await curl(url)).equals(small)).toBe(true);
    expect((await curl('-r', '777-8888', url)).equals(small.subarray(777, 8_889))).toBe(true);
    expect((await curl('-r', '-77', url)).equals(small.subarray(-77))).toBe(true);
    const status = await curl('-r', '100003-', '-w', '%{http_code} %header{content-range}', url);
    expect(status.toString()).toBe('416 bytes */100003');
  });

  it('on what HEAD says', async () => {
    const url = (await answeredWith(small)).href;
    const head = (await curl('-I', url)).toString();
    const get = (await curl('-D', '-', '-o', '/dev/null', url)).toString();
    const withoutDate = (text: string) => text.replace(/^(date|connection):.*$/gim, '').toLowerCase();
    expect(head).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(head).toMatch(/^content-length: 100003\r$/im);
    expect(withoutDate(head)).toBe(withoutDate(get));
  });

  it('on a large one, and resumes it', async () => {
    const url = (await answeredWith(large)).href;
    expect((await curl('-L', url)).equals(large)).toBe(true);
    const head = (await curl('-I', '-L', url)).toString();
    expect(head.match(/^HTTP\/1.1 \d+/gm)).toEqual(['HTTP/1.1 302', 'HTTP/1.1 200']);
    expect(head).toMatch(/^content-length: 1500007\r$/im);
    const file = join(running().stack.dataDir, 'half.bin');
    await writeFile(file, large.subarray(0, 123_457));
    await curl('-L', '-C', '-', '-o', file, url);
    expect((await readFile(file)).equals(large)).toBe(true);
    await rm(file);
  });
});
