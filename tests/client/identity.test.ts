import { afterEach, describe, expect, test } from 'vitest';
import {
  type BitsUploadOptions,
  httpTransport,
  packetRequest,
  UPLOAD_PROTOCOL,
} from '../support/bits-client/index.ts';
import { headerValue } from '../support/http/message.ts';
import type { FakeRequest } from './fake-http.ts';
import { CREDENTIALS, type FakeServer, type FakeServerOptions, startFakeServer } from './fake-server.ts';
import { ackAnswer, Harness } from './harness.ts';

const servers: FakeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(options: Partial<BitsUploadOptions>, server: FakeServerOptions = {}): Promise<Harness> {
  const harness = await Harness.start(options, server, '/private/alpha.txt');
  servers.push(harness.server);
  return harness;
}

const seen = (job: Harness) =>
  job.server.requests.map((request) => {
    const type = headerValue(request.headers, 'BITS-Packet-Type') ?? '';
    return headerValue(request.headers, 'Authorization') === undefined ? type : `${type} +`;
  });

describe('Basic authentication', () => {
  test.each([
    [
      'challenged-once',
      ['Create-Session', 'Create-Session +', 'Fragment +', 'Fragment +', 'Close-Session +'],
    ],
    [
      'challenged-each-time',
      [
        ...['Create-Session', 'Create-Session +', 'Fragment', 'Fragment +'],
        ...['Fragment', 'Fragment +', 'Close-Session', 'Close-Session +'],
      ],
    ],
    ['pre-emptive', ['Create-Session +', 'Fragment +', 'Fragment +', 'Close-Session +']],
  ] as const)('%s', async (credentialUse, packets) => {
    const job = await start({ credentials: CREDENTIALS, credentialUse });
    await job.run();
    expect(seen(job)).toEqual(packets);
    expect(job.object('/private/alpha.txt')).toBeDefined();
  });

  test('without credentials a 401 ends the job', async () => {
    const job = await start({});
    expect(await job.failure()).toMatchObject({ code: 'BG_E_HTTP_ERROR_401' });
    expect(seen(job)).toEqual(['Create-Session']);
  });

  test('wrong credentials are tried once', async () => {
    const job = await start({ credentials: { user: 'alice', password: 'wrong' } });
    expect(await job.failure()).toMatchObject({ code: 'BG_E_HTTP_ERROR_401' });
    expect(seen(job)).toEqual(['Create-Session', 'Create-Session +']);
  });

  test('a challenge for another scheme is not answered', async () => {
    const intercept = () => ackAnswer(401, { 'WWW-Authenticate': 'Negotiate' });
    const job = await start({ credentials: CREDENTIALS }, { intercept });
    expect(await job.failure()).toMatchObject({ code: 'BG_E_HTTP_ERROR_401' });
    expect(seen(job)).toEqual(['Create-Session']);
  });

  test('a proxy is answered in its own header', async () => {
    const intercept = ({ headers }: FakeRequest) =>
      headerValue(headers, 'Proxy-Authorization') === undefined
        ? ackAnswer(407, { 'Proxy-Authenticate': 'Basic realm="proxy"' })
        : undefined;
    const job = await Harness.start({ credentials: CREDENTIALS }, { intercept });
    servers.push(job.server);
    await job.run();
    expect(seen(job).some((packet) => packet.endsWith('+'))).toBe(false);
  });
});

describe('BITS-Host-Id', () => {
  /** The first host hands the session to another one that shares its state: it forwards nothing, it only names it. */
  async function farm(options: Partial<BitsUploadOptions>, fallbackSeconds: string) {
    const node = await startFakeServer();
    servers.push(node);
    const transport = httpTransport();
    const create = { type: 'Create-Session', target: '/uploads/alpha.txt', host: node.url.host } as const;
    const created = await transport.send(packetRequest(create), node.url);
    transport.close();
    const intercept = (request: FakeRequest) =>
      headerValue(request.headers, 'BITS-Packet-Type') === 'Create-Session' && front.requests.length === 1
        ? ackAnswer(200, {
            'BITS-Protocol': UPLOAD_PROTOCOL,
            'BITS-Session-Id': headerValue(created.headers, 'BITS-Session-Id') ?? '',
            'BITS-Host-Id': node.url.host,
            'BITS-Host-Id-Fallback-Timeout': fallbackSeconds,
          })
        : undefined;
    const job = await Harness.start(options, { intercept });
    const front = job.server;
    servers.push(front);
    return { job, node };
  }

  test('the packets go to the named host, a PING first', async () => {
    const { job, node } = await farm({}, '86400');
    await job.run();
    expect(job.packets).toEqual(['Create-Session']);
    const types = node.requests.slice(1).map(({ headers }) => headerValue(headers, 'BITS-Packet-Type'));
    expect(types).toEqual(['Ping', 'Fragment', 'Fragment', 'Close-Session']);
    expect(headerValue(node.requests[1]?.headers ?? [], 'Host')).toBe(node.url.host);
    expect(node.objects.has('/uploads/alpha.txt')).toBe(true);
  });

  test('a host that stays away for the fallback time is given up for the original one', async () => {
    const { job, node } = await farm({}, '1500');
    await node.close();
    await job.run();
    // Connects fail at 0, 600, 1200 and 1800 seconds; the original host does not know the session.
    expect(job.clock.sleeps).toEqual([600_000, 600_000, 600_000, 600_000]);
    expect(job.packets).toEqual([
      'Create-Session',
      'Ping',
      'Fragment 0-12/26',
      'Create-Session',
      'Fragment 0-12/26',
      'Fragment 13-25/26',
      'Close-Session',
    ]);
    expect(job.object()).toBeDefined();
  });

  test('without a fallback time it is waited for until the job ends', async () => {
    const { job, node } = await farm({ noProgressTimeoutMs: 6_000_000 }, '4294967295');
    await node.close();
    expect(await job.failure()).toMatchObject({ code: 'BG_E_NO_PROGRESS' });
    expect(job.packets).toEqual(['Create-Session']);
  });
});
