import { describe, expect, test } from 'vitest';
import { bitsPost, openDoor } from './door-harness.ts';

const limits = { maxBodyBytes: 1000 };
const body = (bytes: number) => Buffer.alloc(bytes, 'x');
const chunked = (...sizes: number[]) =>
  [
    'BITS_POST /u HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n',
    ...sizes.map((size) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`),
    '0\r\n\r\n',
  ].join('');

test('the limit itself passes with the default of 1,000,000 bytes, one byte more is a bare 413', async () => {
  const { open, events } = await openDoor({ oversize: 'drain' });
  const client = await open();
  expect(await client.request(bitsPost([], body(1_000_000)))).toMatchObject({ status: 200 });
  const answer = await client.request(bitsPost([], body(1_000_001)));
  expect(answer).toMatchObject({
    status: 413,
    headers: { server: 'awselb/2.0', 'content-type': 'text/html', connection: 'keep-alive' },
  });
  expect(answer?.names.filter((name) => /^bits-/i.test(name))).toEqual([]);
  expect(events).toHaveLength(1);
  expect(events[0]?.event.body).toHaveLength(Math.ceil(1_000_000 / 3) * 4);
});

describe('drain: the body is read, the connection stays', () => {
  test.each([
    ['Content-Length', bitsPost([], body(1001))],
    ['chunked', Buffer.from(chunked(600, 600))],
    ['one huge chunk', Buffer.from(chunked(5_000_000))],
  ])('%s', async (_, request) => {
    const { open, events } = await openDoor({ limits, oversize: 'drain' });
    const client = await open();
    expect(await client.request(request)).toMatchObject({
      status: 413,
      headers: { connection: 'keep-alive' },
    });
    expect(await client.request(bitsPost([], 'ok'))).toMatchObject({ status: 200 });
    expect(events).toHaveLength(1);
  });

  test('no answer before the last byte', async () => {
    const { open, records } = await openDoor({ limits, oversize: 'drain' });
    const client = await open();
    const request = bitsPost([], body(1001));
    client.send(request.subarray(0, -1));
    // Another client is served in between: had the first been answered, its record would be here.
    expect(await (await open()).request(bitsPost([], 'ok'))).toMatchObject({ status: 200 });
    expect(records).toHaveLength(1);
    expect(await client.request(request.subarray(-1))).toMatchObject({ status: 413 });
  });
});

describe('early: 413 without waiting for the body, then the connection is closed', () => {
  test('answered on the head alone, the rest is swallowed so that the answer is not lost', async () => {
    const { open, events } = await openDoor({ limits, oversize: 'early' });
    const client = await open();
    const request = bitsPost([], body(8_000_000));
    client.send(request.subarray(0, 200));
    expect(await client.response()).toMatchObject({ status: 413, headers: { connection: 'close' } });
    client.send(request.subarray(200));
    client.socket.end();
    expect(await client.rest()).toBe('');
    expect(events).toEqual([]);
  });

  test('a client that sends everything first still sees the answer', async () => {
    const { open } = await openDoor({ limits, oversize: 'early' });
    const client = await open();
    await new Promise<void>((resolve) => {
      client.socket.write(bitsPost([], body(8_000_000)), () => resolve());
    });
    expect(await client.response()).toMatchObject({ status: 413 });
  });

  test('what follows on the closed connection is not taken as a request', async () => {
    const { open, events } = await openDoor({ limits, oversize: 'early' });
    const client = await open();
    client.send(Buffer.concat([bitsPost([], body(1001)), bitsPost([], 'smuggled')]));
    expect(await client.response()).toMatchObject({ status: 413 });
    client.socket.end();
    expect(await client.rest()).toBe('');
    expect(events).toEqual([]);
  });

  test('a chunked body is refused when it passes the limit', async () => {
    const { open } = await openDoor({ limits, oversize: 'early' });
    const client = await open();
    client.send('BITS_POST /u HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n');
    expect(await client.response()).toMatchObject({ status: 413, headers: { connection: 'close' } });
  });

  test('the lingering is bounded: a client that never stops sending is cut off', async () => {
    const { open } = await openDoor({ limits: { ...limits, lingerMaxBytes: 100_000 }, oversize: 'early' });
    const client = await open();
    expect(
      await client.request('BITS_POST /u HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n'),
    ).toBeDefined();
    const feeding = setInterval(() => client.socket.write(Buffer.alloc(50_000)), 1);
    await client.closed;
    clearInterval(feeding);
  });

  test('the lingering ends although the client keeps the connection open', async () => {
    const { open } = await openDoor({ limits: { ...limits, lingerTimeoutMs: 20 }, oversize: 'early' });
    const client = await open();
    client.socket.allowHalfOpen = true;
    client.send('BITS_POST /u HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n');
    expect(await client.response()).toMatchObject({ status: 413 });
    await client.writeUntilClosed(5);
  });
});

test('by default the two ways alternate, beginning with the drained one', async () => {
  const { open } = await openDoor({ limits });
  const seen: (string | undefined)[] = [];
  for (let turn = 0; turn < 4; turn++) {
    const answer = await (await open()).request(bitsPost([], body(1001)));
    seen.push(answer?.headers['connection']);
  }
  expect(seen).toEqual(['keep-alive', 'close', 'keep-alive', 'close']);
});
