import { afterEach, describe, expect, test } from 'vitest';
import {
  type BitsUploadOptions,
  bufferSource,
  generatedSource,
  oddCase,
  upperCase,
  withoutBraces,
} from '../support/bits-client/index.ts';
import { headerValue } from '../support/http/message.ts';
import type { FakeServerOptions } from './fake-server.ts';
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
const RETRY_MS = 600_000;

describe('the plain upload', () => {
  test('goes CREATE, FRAGMENT, CLOSE with the headers of the captures, in their order', async () => {
    const job = await start();
    const result = await job.run();
    expect(job.packets).toEqual(FLOW);
    expect(job.object()).toBe(ALPHABET.toString());
    expect(result).toMatchObject({
      totalBytes: 26,
      sessions: 1,
      packets: 4,
      retries: 0,
      replyUrl: undefined,
    });
    const fragment = job.server.requests[1];
    expect(fragment?.headers).toEqual([
      ['Accept', '*/*'],
      ['BITS-Packet-Type', 'Fragment'],
      ['BITS-Session-Id', result.sessionId],
      ['Content-Name', 'alpha.txt'],
      ['Content-Range', 'bytes 0-12/26'],
      ['User-Agent', 'Microsoft BITS/7.8'],
      ['Host', job.server.url.host],
      ['Content-Length', '13'],
      ['Connection', 'Keep-Alive'],
    ]);
  });

  test('reports states, session and progress', async () => {
    const job = await start();
    const { sessionId } = await job.run();
    const states = job.events.flatMap((event) => (event.kind === 'state' ? [event.state] : []));
    expect(states).toEqual(['CREATE_SESSION', 'FRAGMENT', 'FRAGMENT', 'COMPLETE', 'DONE']);
    expect(job.events).toContainEqual({ kind: 'session', sessionId });
    expect(job.events.filter(({ kind }) => kind === 'progress')).toEqual([
      { kind: 'progress', offsetBytes: 13, totalBytes: 26 },
      { kind: 'progress', offsetBytes: 26, totalBytes: 26 },
    ]);
  });

  test.each([
    ['a FRAGMENT of its own', 'fragment', ['Create-Session', 'Fragment 0-0/0', 'Close-Session']],
    ['CLOSE alone', 'close-only', ['Create-Session', 'Close-Session']],
  ] as const)('an empty file is announced by %s', async (_, emptyFile, packets) => {
    const job = await start({ source: bufferSource(new Uint8Array()), emptyFile });
    await job.run();
    expect(job.packets).toEqual(packets);
    expect(job.object()).toBe('');
  });

  test('everything can be spelled differently', async () => {
    const job = await start({
      spelling: {
        packetType: oddCase,
        headerName: upperCase,
        rangeUnit: () => 'Bytes',
        sessionId: (id) => withoutBraces(id).toLowerCase(),
      },
      contentNameOn: ['Create-Session', 'Close-Session'],
      customHeaders: [['X-Token', 'secret']],
      pingBefore: ['Create-Session', 'Close-Session'],
    });
    const { sessionId } = await job.run();
    const [ping, create, fragment, , , close] = job.server.requests;
    expect(ping?.headers[1]).toEqual(['BITS-PACKET-TYPE', 'PiNg']);
    expect(create?.headers).toContainEqual(['CONTENT-NAME', 'alpha.txt']);
    expect(fragment?.headers).toContainEqual(['CONTENT-RANGE', 'Bytes 0-12/26']);
    expect(fragment?.headers).toContainEqual(['BITS-SESSION-ID', sessionId.slice(1, -1).toLowerCase()]);
    expect(headerValue(fragment?.headers ?? [], 'Content-Name')).toBeUndefined();
    expect(close?.headers).toContainEqual(['CONTENT-NAME', 'alpha.txt']);
    expect(job.server.requests.every(({ headers }) => headerValue(headers, 'X-Token') === 'secret')).toBe(
      true,
    );
    expect(job.packets.map((packet) => packet.toLowerCase())).toEqual([
      'ping',
      'create-session',
      expect.stringContaining('fragment'),
      expect.stringContaining('fragment'),
      'ping',
      'close-session',
    ]);
  });
});

describe('transient failures', () => {
  test.each([
    ['a cut connection', 'cut' as const],
    ['503', ackAnswer(503)],
    ['a bare 502', answer(502)],
    ['an Ack without an offset', ackAnswer(200)],
    ['an offset past the end', ackAnswer(200, { 'BITS-Received-Content-Range': '27' })],
  ])('%s on a FRAGMENT: wait, PING, the same FRAGMENT', async (_, failure) => {
    const job = await start({}, { intercept: scripted('Fragment', failure) });
    const result = await job.run();
    expect(job.packets).toEqual([
      'Create-Session',
      'Fragment 0-12/26',
      'Ping',
      'Fragment 0-12/26',
      'Fragment 13-25/26',
      'Close-Session',
    ]);
    expect(job.clock.sleeps).toEqual([RETRY_MS]);
    expect(result.retries).toBe(1);
  });

  test('a FRAGMENT whose Ack is lost is sent again and known', async () => {
    let lost = false;
    const job = await start({
      onPacket: ({ type }) => {
        if (type !== 'Fragment' || lost) return undefined;
        lost = true;
        return { kind: 'lose-ack' };
      },
    });
    await job.run();
    expect(job.packets.slice(1, 4)).toEqual(['Fragment 0-12/26', 'Ping', 'Fragment 0-12/26']);
    expect(job.object()).toBe(ALPHABET.toString());
  });

  test('CREATE: wait, PING, CREATE; PING: wait, PING; CLOSE: wait, CLOSE', async () => {
    const fails = [
      scripted('Create-Session', 'cut'),
      scripted('Ping', ackAnswer(500)),
      scripted('Close-Session', ackAnswer(503)),
    ];
    const job = await start({}, { intercept: (request) => fails.map((fail) => fail(request)).find(Boolean) });
    await job.run();
    expect(job.packets).toEqual(['Create-Session', 'Ping', 'Ping', ...FLOW, 'Close-Session']);
  });

  test('the no-progress timeout ends the job', async () => {
    const job = await start({ noProgressTimeoutMs: 3 * RETRY_MS }, { intercept: () => answer(503) });
    expect(await job.failure()).toMatchObject({ name: 'BitsJobError', code: 'BG_E_NO_PROGRESS' });
    expect(job.clock.sleeps).toHaveLength(3);
  });

  test('an offset that never moves ends the job instead of turning forever', async () => {
    const stuck = ackAnswer(200, { 'BITS-Received-Content-Range': '0' });
    const job = await start(
      { maxFruitlessPackets: 5 },
      { intercept: scripted('Fragment', ...Array(20).fill(stuck)) },
    );
    expect(await job.failure()).toMatchObject({ code: 'BG_E_NO_PROGRESS' });
    expect(job.packets).toHaveLength(7);
  });
});

describe('offsets', () => {
  test.each([416, 200])('%i with another offset: go on there, forward or back', async (status) => {
    const at = (offset: number) => ackAnswer(status, { 'BITS-Received-Content-Range': String(offset) });
    const job = await start({}, { intercept: scripted('Fragment', at(5), at(2), at(0)) });
    await job.run();
    expect(job.packets.slice(1, -1)).toEqual([
      'Fragment 0-12/26',
      'Fragment 5-17/26',
      'Fragment 2-14/26',
      'Fragment 0-12/26',
      'Fragment 13-25/26',
    ]);
  });

  test('a jump ahead is led back by 416', async () => {
    const offsets = [0, 20];
    const job = await start({ fragmentOffset: (acknowledged) => offsets.shift() ?? acknowledged });
    await job.run();
    expect(job.packets.slice(1, -1)).toEqual(['Fragment 0-12/26', 'Fragment 20-25/26', 'Fragment 13-25/26']);
  });

  test.each([
    ['overlap', [], undefined],
    ['overlap', ['strict-ranges'], 'SERVER_MODE'],
    ['strict', ['strict-ranges'], undefined],
    ['strict', [], 'SERVER_MODE'],
    ['any', ['strict-ranges'], undefined],
  ] as const)('a client that expects mode %s of a server with %j', async (serverMode, defects, code) => {
    const offsets = [0, 7];
    const job = await start(
      { serverMode, fragmentOffset: (acknowledged) => offsets.shift() ?? acknowledged },
      { defects },
    );
    if (code === undefined) {
      await job.run();
      expect(job.object()).toBe(ALPHABET.toString());
    } else {
      expect(await job.failure()).toMatchObject({ code });
    }
  });
});

describe('413', () => {
  const sizes = (job: Harness) =>
    job.server.requests.filter((request) => request.body.length > 0).map(({ body }) => body.length);

  test('halves the fragment until it fits, and never grows again', async () => {
    const job = await start(
      { source: generatedSource(100_000), fragmentSizeBytes: 50_000 },
      { destinations: [{ prefix: '/uploads/', fragmentLimitBytes: 13_000 }] },
    );
    await job.run();
    expect(sizes(job)).toEqual([50_000, 25_000, ...Array(8).fill(12_500)]);
    expect(job.events.filter(({ kind }) => kind === 'shrink')).toEqual([
      { kind: 'shrink', fragmentSizeBytes: 25_000 },
      { kind: 'shrink', fragmentSizeBytes: 12_500 },
    ]);
  });

  test('stops at 5,120 and then ends the job', async () => {
    const job = await start(
      { source: generatedSource(100_000), fragmentSizeBytes: 12_000 },
      { intercept: scripted('Fragment', ...Array(9).fill(answer(413))) },
    );
    expect(await job.failure()).toMatchObject({ code: 'BG_E_HTTP_ERROR_413', hresult: 0x8019019d });
    expect(sizes(job)).toEqual([12_000, 6_000, 5_120]);
  });
});
