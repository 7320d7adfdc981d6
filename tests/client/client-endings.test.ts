import { afterEach, describe, expect, test } from 'vitest';
import type { BitsUploadOptions } from '../support/bits-client/index.ts';
import { type FakeServerOptions, REPLY } from './fake-server.ts';
import { ALPHABET, ackAnswer, answer, Harness, scripted } from './harness.ts';

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.server.close();
  harness = undefined;
});

async function start(
  options: Partial<BitsUploadOptions> = {},
  server: FakeServerOptions = {},
  path?: string,
): Promise<Harness> {
  harness = await Harness.start(options, server, path);
  return harness;
}

const FLOW = ['Create-Session', 'Fragment 0-12/26', 'Fragment 13-25/26', 'Close-Session'];

describe('lost sessions', () => {
  const notFound = ackAnswer(500, { 'BITS-Error-Code': '0x8020001F' });

  test.each([
    ['reset', ['Fragment 0-12/26']],
    ['keep', ['Fragment 13-25/26', 'Fragment 0-12/26']],
  ] as const)('a FRAGMENT makes a new session, offset %s', async (offsetOnNewSession, again) => {
    const job = await start({ offsetOnNewSession }, { intercept: scripted('Fragment', undefined, notFound) });
    const result = await job.run();
    expect(job.packets).toEqual([
      'Create-Session',
      'Fragment 0-12/26',
      'Fragment 13-25/26',
      'Create-Session',
      ...again,
      'Fragment 13-25/26',
      'Close-Session',
    ]);
    expect(result.sessions).toBe(2);
    expect(job.object()).toBe(ALPHABET.toString());
  });

  test('CLOSE stops there by default, and uploads everything again if asked', async () => {
    const intercept = () => scripted('Close-Session', notFound);
    const job = await start({}, { intercept: intercept() });
    await job.run();
    expect(job.packets).toEqual(FLOW);
    await job.server.close();
    const insistent = await start({ closeOnSessionNotFound: 'recreate' }, { intercept: intercept() });
    await insistent.run();
    expect(insistent.packets).toEqual([...FLOW, ...FLOW]);
  });

  test('a server that forgets every session does not keep the client turning', async () => {
    const job = await start(
      { maxFruitlessPackets: 4 },
      { intercept: scripted('Fragment', ...Array(20).fill(notFound)) },
    );
    expect(await job.failure()).toMatchObject({ code: 'BG_E_NO_PROGRESS' });
  });
});

describe('fatal answers', () => {
  test.each([
    [
      '403 with its HRESULT',
      'Create-Session',
      ackAnswer(403, { 'BITS-Error': '0x80070005' }),
      'E_ACCESSDENIED',
    ],
    ['a bare 404', 'Fragment', answer(404), 'BG_E_HTTP_ERROR_404'],
    ['too large', 'Fragment', ackAnswer(500, { 'BITS-Error-Code': '0x80200020' }), 'BG_E_TOO_LARGE'],
    [
      'HTTP/1.0',
      'Create-Session',
      { ...ackAnswer(200), httpVersion: '1.0' },
      'BG_E_INSUFFICIENT_HTTP_SUPPORT',
    ],
    ['a refused CLOSE', 'Close-Session', ackAnswer(403), 'BG_E_HTTP_ERROR_403'],
  ])('%s ends the job at once', async (_, type, refusal, code) => {
    const job = await start({}, { intercept: scripted(type, refusal) });
    expect(await job.failure()).toMatchObject({ name: 'BitsJobError', code });
    expect(job.clock.sleeps).toEqual([]);
  });
});

describe('suspending', () => {
  test('an aborted job goes on where it was: PING, then the next FRAGMENT', async () => {
    const abort = new AbortController();
    const job = await start({
      onEvent: (event) => {
        if (event.kind === 'progress' && event.offsetBytes === 13) abort.abort();
      },
    });
    await expect(job.run(abort.signal)).rejects.toMatchObject({ code: 'SUSPENDED' });
    expect(job.upload.progress).toMatchObject({ offsetBytes: 13, fragmentSizeBytes: 13 });
    const later = job.another({ resume: job.upload.progress });
    await later.run();
    expect(later.packets).toEqual([
      'Create-Session',
      'Fragment 0-12/26',
      'Ping',
      'Fragment 13-25/26',
      'Close-Session',
    ]);
    expect(later.object()).toBe(ALPHABET.toString());
  });

  test('a job that waits for its retry can be aborted', async () => {
    const abort = new AbortController();
    const job = await start(
      { onEvent: (event) => event.kind === 'retry' && abort.abort() },
      { intercept: scripted('Create-Session', 'cut') },
    );
    await expect(job.run(abort.signal)).rejects.toMatchObject({ code: 'SUSPENDED' });
  });
});

describe('CANCEL', () => {
  const interrupted = async (options: Partial<BitsUploadOptions>, server: FakeServerOptions = {}) => {
    const abort = new AbortController();
    const job = await start(
      { ...options, onEvent: (event) => event.kind === 'progress' && abort.abort() },
      server,
    );
    await expect(job.run(abort.signal)).rejects.toMatchObject({ code: 'SUSPENDED' });
    return job;
  };

  test('ends the session, as often as asked', async () => {
    const job = await interrupted({ cancelTimes: 3 });
    await job.upload.cancel();
    expect(job.packets.slice(2)).toEqual(Array(3).fill('Cancel-Session'));
    expect(job.object()).toBeUndefined();
    expect(job.upload.progress.sessionId).toBeUndefined();
  });

  test('without a session sends nothing', async () => {
    const job = await start();
    await job.upload.cancel();
    expect(job.packets).toEqual([]);
  });

  test('is repeated on 5xx for 24 hours, then given up', async () => {
    const job = await interrupted(
      {},
      { intercept: scripted('Cancel-Session', ...Array(200).fill(answer(503))) },
    );
    await job.upload.cancel();
    expect(job.packets.slice(2)).toHaveLength(24 * 6 + 1);
  });

  test.each([answer(403), ackAnswer(500, { 'BITS-Error': '0x8020001F' })])(
    'is over with %j',
    async (refusal) => {
      const job = await interrupted({}, { intercept: scripted('Cancel-Session', refusal) });
      await job.upload.cancel();
      expect(job.packets.slice(2)).toEqual(['Cancel-Session']);
    },
  );
});

describe('packets out of the ordinary', () => {
  test('resent, in parallel, cut short, never sent: the file arrives once', async () => {
    let at = 0;
    const actions = [
      { kind: 'resend', times: 2 },
      { kind: 'parallel', copies: 3 },
      { kind: 'truncate', bodyBytes: 2 },
      { kind: 'lose-request' },
    ] as const;
    const job = await start({
      fragmentSizeBytes: 5,
      onPacket: ({ type }) => (type === 'Fragment' ? actions[at++] : undefined),
    });
    await job.run();
    const sent = job.packets.filter((packet) => packet === 'Fragment 0-4/26').length;
    expect(sent).toBe(3);
    expect(job.packets.filter((packet) => packet === 'Fragment 5-9/26')).toHaveLength(3);
    expect(job.packets.filter((packet) => packet === 'Fragment 10-14/26')).toHaveLength(2);
    expect(job.server.requests.filter(({ isTruncated }) => isTruncated)).toHaveLength(1);
    expect(job.object()).toBe(ALPHABET.toString());
  });

  test('CLOSE can be repeated', async () => {
    const job = await start({ closeTimes: 3 });
    await job.run();
    expect(job.packets.slice(3)).toEqual(Array(3).fill('Close-Session'));
  });
});

test('an upload-reply job downloads the reply before CLOSE', async () => {
  const job = await start({ reply: { head: true, rangeBytes: 25 } }, {}, '/reply/zeta.txt');
  const result = await job.run();
  expect(Buffer.from(result.reply ?? [])).toEqual(REPLY);
  expect(result.replyUrl).toMatch(/^\/replies\//);
  expect(job.packets.slice(3)).toEqual(['HEAD', 'GET 0-24', 'GET 25-39', 'Close-Session']);
});

test('an upload-reply job without a reply URL fails', async () => {
  const job = await start({ reply: { head: false } });
  expect(await job.failure()).toMatchObject({ code: 'BG_E_INVALID_SERVER_RESPONSE' });
});
