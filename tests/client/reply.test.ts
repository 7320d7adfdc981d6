import { afterEach, describe, expect, test } from 'vitest';
import type { ReplyOptions } from '../support/bits-client/index.ts';
import { resolveReplyUrl } from '../support/bits-client/reply-download.ts';
import { headerValue } from '../support/http/message.ts';
import type { FakeAnswer, FakeRequest } from './fake-http.ts';
import { CREDENTIALS, type FakeServer, REPLY } from './fake-server.ts';
import { answer, describePacket, Harness } from './harness.ts';

const servers: FakeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const isDownload = ({ method }: FakeRequest) => method === 'GET' || method === 'HEAD';

/** Uploads to a destination with a reply; `answers` take the place of the first downloads. */
async function download(reply: ReplyOptions, ...answers: readonly (FakeAnswer | undefined)[]) {
  let at = 0;
  const intercept = (request: FakeRequest) => (isDownload(request) ? answers[at++] : undefined);
  const job = await Harness.start({ reply, credentials: CREDENTIALS }, { intercept }, '/reply/x.txt');
  servers.push(job.server);
  return {
    job,
    requests: () => job.server.requests.filter(isDownload),
    seen: () => job.server.requests.filter(isDownload).map(describePacket),
  };
}

const part = (first: number, last: number, lastModified = 'Mon, 06 Jan 2025 10:00:00 GMT'): FakeAnswer => ({
  status: 206,
  reason: 'Partial Content',
  headers: [
    ['Last-Modified', lastModified],
    ['Content-Range', `bytes ${first}-${last}/40`],
    ['Content-Length', String(last - first + 1)],
  ],
  body: REPLY.subarray(first, last + 1),
});

const whole = (cutAfterBytes: number): FakeAnswer => ({
  cutAfterBytes,
  response: {
    status: 200,
    reason: 'OK',
    headers: [
      ['Last-Modified', 'Mon, 06 Jan 2025 10:00:00 GMT'],
      ['Content-Length', '40'],
    ],
    body: REPLY,
  },
});

describe('the reply', () => {
  test.each<[ReplyOptions, readonly string[]]>([
    [{ head: false }, ['GET']],
    [{ head: true }, ['HEAD', 'GET']],
    [{ head: true, rangeBytes: 16 }, ['HEAD', 'GET 0-15', 'GET 16-31', 'GET 32-39']],
    [{ head: false, rangeBytes: 16 }, ['GET 0-15', 'GET 16-31', 'GET 32-39']],
    [{ head: false, rangeBytes: 100 }, ['GET 0-99']],
  ])('is downloaded as asked: %j', async (options, packets) => {
    const { job, requests, seen } = await download(options);
    const result = await job.run();
    expect(Buffer.from(result.reply ?? [])).toEqual(REPLY);
    expect(seen()).toEqual(packets);
    expect(requests().every(({ headers }) => headerValue(headers, 'Accept-Encoding') === 'identity')).toBe(
      true,
    );
  });

  test('goes on behind the last byte after a break', async () => {
    const { job, seen } = await download({ head: false }, whole(11), 'cut');
    const result = await job.run();
    expect(seen()).toEqual(['GET', 'GET 11-39', 'GET 11-39']);
    expect(Buffer.from(result.reply ?? [])).toEqual(REPLY);
  });

  test('waits and asks again after 503', async () => {
    const { job, seen } = await download({ head: true, rangeBytes: 25 }, answer(503), undefined, answer(503));
    await job.run();
    expect(seen()).toEqual(['HEAD', 'HEAD', 'GET 0-24', 'GET 0-24', 'GET 25-39']);
    expect(job.clock.sleeps).toHaveLength(2);
  });

  test('starts over when it changes between two ranges', async () => {
    const changed = part(25, 39, 'Tue, 07 Jan 2025 10:00:00 GMT');
    const { job, seen } = await download({ head: false, rangeBytes: 25 }, part(0, 24), changed);
    const result = await job.run();
    expect(seen()).toEqual(['GET 0-24', 'GET 25-39', 'GET 0-24', 'GET 25-39']);
    expect(Buffer.from(result.reply ?? [])).toEqual(REPLY);
  });

  test.each<[string, FakeAnswer, string]>([
    ['a 200 to a range', { ...answer(200), body: Buffer.alloc(0) }, 'BG_E_INSUFFICIENT_RANGE_SUPPORT'],
    ['another range than asked', part(5, 29), 'BG_E_INVALID_SERVER_RESPONSE'],
    ['404', answer(404), 'BG_E_HTTP_ERROR_404'],
  ])('%s ends the job', async (_, wrong, code) => {
    const { job } = await download({ head: false, rangeBytes: 25 }, wrong);
    expect(await job.failure()).toMatchObject({ code });
  });

  test('answers a challenge, and follows a redirect without taking its credentials along', async () => {
    const elsewhere = await Harness.start({}, { intercept: () => part(0, 39) });
    servers.push(elsewhere.server);
    const target = new URL('/bucket/reply?signature=1', elsewhere.server.url).href;
    const { job, requests } = await download(
      { head: false, rangeBytes: 100 },
      answer(401, { 'WWW-Authenticate': 'Basic realm="uploads"' }),
      answer(302, { Location: target }),
    );
    const result = await job.run();
    expect(Buffer.from(result.reply ?? [])).toEqual(REPLY);
    expect(requests().map(({ headers }) => headerValue(headers, 'Authorization') !== undefined)).toEqual([
      false,
      true,
    ]);
    const [redirected] = elsewhere.server.requests;
    expect(redirected?.target).toBe('/bucket/reply?signature=1');
    expect(headerValue(redirected?.headers ?? [], 'Authorization')).toBeUndefined();
  });
});

test.each([
  ['https://other/x.bin', 'https://other/x.bin'],
  ['/replies/x.bin', 'http://host/replies/x.bin'],
  ['BITS-Sessions\\Replies\\{A-B}\\r.bin', 'http://host/drop/BITS-Sessions/Replies/%7BA-B%7D/r.bin'],
])('BITS-Reply-URL %s resolves against the upload URL', (replyUrl, expected) => {
  expect(resolveReplyUrl(replyUrl, new URL('http://host/drop/zeta.txt')).href).toBe(expected);
});
