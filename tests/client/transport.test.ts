import { afterEach, describe, expect, test } from 'vitest';
import { httpTransport, rawTransport, type Transport, TransportError } from '../support/bits-client/index.ts';
import type { HttpRequest } from '../support/http/message.ts';
import { type FakeAnswer, type FakeHandler, type FakeRequest, startFakeHttp } from './fake-http.ts';
import { answer } from './harness.ts';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(handle: FakeHandler): Promise<URL> {
  const http = await startFakeHttp(handle);
  cleanups.push(() => http.close());
  return new URL(`http://127.0.0.1:${http.port}/`);
}

const request = (body: Uint8Array = Buffer.from('hello')): HttpRequest => ({
  method: 'BITS_POST',
  target: '/a%2Fb?q={x}',
  headers: [
    ['hOsT', 'some.host'],
    ['X-Twice', '1'],
    ['BITS-Packet-Type', 'Ping'],
    ['X-Twice', '2'],
    ['Content-Length', String(body.length)],
    ['Connection', 'Keep-Alive'],
  ],
  body,
});

describe.each([
  ['http', () => httpTransport({ responseTimeoutMs: 300 })],
  ['raw', () => rawTransport({ responseTimeoutMs: 300 })],
] as const)('the %s transport', (_, create) => {
  const open = (): Transport => {
    const transport = create();
    cleanups.push(() => transport.close());
    return transport;
  };

  test('sends the request exactly: target, header order, case, doubles, body', async () => {
    const requests: FakeRequest[] = [];
    const origin = await serve((each) => {
      requests.push(each);
      return answer(200);
    });
    const response = await open().send(request(), origin);
    expect(response).toMatchObject({ httpVersion: '1.1', status: 200, reason: 'Scripted' });
    expect(requests[0]).toMatchObject({
      method: 'BITS_POST',
      target: '/a%2Fb?q={x}',
      headers: request().headers,
    });
    expect(requests[0]?.body.toString()).toBe('hello');
  });

  test('reads bodies, keeps header case', async () => {
    const origin = await serve(() => ({
      ...answer(500, { 'bits-ERROR': 'x' }),
      headers: [
        ['bits-ERROR', 'x'],
        ['Content-Length', '3'],
      ],
      body: Buffer.from('abc'),
    }));
    const response = await open().send(request(), origin);
    expect(response.headers).toContainEqual(['bits-ERROR', 'x']);
    expect(Buffer.from(response.body).toString()).toBe('abc');
    expect(response.framing).toBe('content-length');
  });

  test('sends the second request after the first on a connection that is kept', async () => {
    const origin = await serve(() => answer(200));
    const transport = open();
    for (let time = 0; time < 3; time++) {
      expect((await transport.send(request(), origin)).status).toBe(200);
    }
  });

  test('sees an early answer to a large body', async () => {
    const origin = await serve(() => ({ ...answer(413), isLast: true }));
    const response = await open().send(request(Buffer.alloc(2_000_000)), origin);
    expect(response.status).toBe(413);
  });

  test.each<[string, FakeAnswer | undefined, string]>([
    ['a cut connection', 'cut', 'BROKEN'],
    [
      'an answer cut short',
      {
        cutAfterBytes: 1,
        response: { ...answer(200), headers: [['Content-Length', '9']], body: Buffer.from('x') },
      },
      'BROKEN',
    ],
    ['silence', undefined, 'TIMEOUT'],
  ])('%s is a TransportError', async (_, reply, code) => {
    const origin = await serve(() => reply);
    await expect(open().send(request(), origin)).rejects.toMatchObject({ name: 'TransportError', code });
  });

  test('a refused connection is a TransportError', async () => {
    const http = await startFakeHttp(() => undefined);
    await http.close();
    const origin = new URL(`http://127.0.0.1:${http.port}/`);
    await expect(open().send(request(), origin)).rejects.toMatchObject({ code: 'CONNECT' });
  });

  test('after a failure the next request gets a connection of its own', async () => {
    const answers: FakeAnswer[] = ['cut', answer(200)];
    const origin = await serve(() => answers.shift());
    const transport = open();
    await expect(transport.send(request(), origin)).rejects.toBeInstanceOf(TransportError);
    expect((await transport.send(request(), origin)).status).toBe(200);
  });

  test.each([0, 3])('cuts a body after %i bytes, which the server sees', async (bytes) => {
    let arrive: (request: FakeRequest) => void = () => undefined;
    const arrived = new Promise<FakeRequest>((resolve) => {
      arrive = resolve;
    });
    const origin = await serve((each) => {
      arrive(each);
      return answer(200);
    });
    const sending = open().send(request(), origin, { truncateBodyAtBytes: bytes });
    await expect(sending).rejects.toMatchObject({ code: 'CUT' });
    expect(await arrived).toMatchObject({ isTruncated: true, body: Buffer.from('hello').subarray(0, bytes) });
  });

  test('sends beside the kept connection when asked', async () => {
    let waiting = 0;
    let release: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    const origin = await serve(async () => {
      if (++waiting === 2) release();
      await both;
      return answer(200);
    });
    const transport = open();
    // Neither is answered before both have arrived, so they cannot have shared a connection.
    const sending = [1, 2].map(() => transport.send(request(), origin, { newConnection: true }));
    expect((await Promise.all(sending)).map(({ status }) => status)).toEqual([200, 200]);
  });

  test('stops when the signal says so', async () => {
    const abort = new AbortController();
    const origin = await serve(() => {
      abort.abort();
      return undefined;
    });
    await expect(open().send(request(), origin, { signal: abort.signal })).rejects.toBeInstanceOf(
      TransportError,
    );
  });
});
