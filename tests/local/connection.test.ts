import { describe, expect, test } from 'vitest';
import { bitsPost, openDoor } from './door-harness.ts';

/** A function that answers when it is told to. */
function gate() {
  let open = () => {};
  let entered = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const running = new Promise<void>((resolve) => {
    entered = resolve;
  });
  return {
    open: () => open(),
    running,
    invoke: async () => {
      entered();
      await opened;
      return { statusCode: 200 };
    },
  };
}

describe('keep-alive', () => {
  const cases: readonly [string, string, string[], string][] = [
    ['HTTP/1.1 stays', '1.1', [], 'keep-alive'],
    ['HTTP/1.1 with close', '1.1', ['Connection: foo, Close'], 'close'],
    ['HTTP/1.0 closes', '1.0', [], 'close'],
    ['HTTP/1.0 with keep-alive stays', '1.0', ['Connection: Keep-Alive'], 'keep-alive'],
    ['an empty header value is let through, and closes', '1.1', ['X-Empty:'], 'close'],
  ];
  test.each(cases)('%s', async (_, version, headers, expected) => {
    const { open, events } = await openDoor();
    const client = await open();
    const request = [`BITS_POST /u HTTP/${version}`, 'Host: h', ...headers, '', ''].join('\r\n');
    expect(await client.request(request)).toMatchObject({ status: 200, headers: { connection: expected } });
    expect(events).toHaveLength(1);
    if (expected === 'keep-alive') expect(await client.request(request)).toBeDefined();
    else expect(await client.request(request)).toBeUndefined();
  });

  test('HTTP/1.0 needs no Host', async () => {
    const { open } = await openDoor();
    expect(await (await open()).request('BITS_POST /u HTTP/1.0\r\n\r\n')).toMatchObject({ status: 200 });
  });

  test('a hundred pipelined requests are answered in order, one at a time', async () => {
    let running = 0;
    let mostAtOnce = 0;
    const { open } = await openDoor({
      invoke: async (_, event) => {
        mostAtOnce = Math.max(mostAtOnce, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return { statusCode: 200, headers: { 'X-Path': event.path } };
      },
    });
    const client = await open();
    const paths = Array.from({ length: 100 }, (_, index) => `/${index}`);
    client.send(Buffer.concat(paths.map((path) => bitsPost([], Buffer.alloc(5000), path))));
    const seen: (string | undefined)[] = [];
    for (const _ of paths) seen.push((await client.response())?.headers['x-path']);
    expect(seen).toEqual(paths);
    expect(mostAtOnce).toBe(1);
  });
});

describe('Expect: 100-continue', () => {
  const head = 'BITS_POST /u HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n';

  test('is answered before the body', async () => {
    const { open, events } = await openDoor();
    const client = await open();
    expect(await client.request(head)).toMatchObject({ status: 100, reason: 'Continue', names: [] });
    expect(await client.request('abc')).toMatchObject({ status: 200 });
    expect(events[0]?.event.body).toBe('YWJj');
  });

  test('is not answered when the body is there already, in HTTP/1.0, or without a body', async () => {
    const { open } = await openDoor();
    const client = await open();
    expect(await client.request(`${head}abc`)).toMatchObject({ status: 200 });
    expect(await client.request(head.replace('Length: 3', 'Length: 0'))).toMatchObject({ status: 200 });
    client.send(head.replace('HTTP/1.1', 'HTTP/1.0'));
    client.send('abc');
    expect(await client.response()).toMatchObject({ status: 200 });
  });

  test('an oversize body is refused instead of asked for', async () => {
    const { open } = await openDoor({ limits: { maxBodyBytes: 2 }, oversize: 'early' });
    expect(await (await open()).request(head)).toMatchObject({ status: 413 });
  });
});

describe('broken and silent clients', () => {
  test.each([
    ['in the request line', 'BITS_PO'],
    ['in the headers', 'BITS_POST /u HTTP/1.1\r\nHost: h\r\n'],
    ['in the body', 'BITS_POST /u HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcd'],
    ['in a chunk', 'BITS_POST /u HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcd'],
    [
      'before the last chunk',
      'BITS_POST /u HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n',
    ],
  ])('a request that ends %s invokes nothing and gets no answer', async (_, request) => {
    const { open, events } = await openDoor();
    const client = await open();
    client.send(request);
    client.socket.end();
    expect(await client.rest()).toBe('');
    expect(events).toEqual([]);
  });

  test.each([
    ['in the headers', 'BITS_POST /u HTTP/1.1\r\nHost: h\r\n'],
    ['in the body', 'BITS_POST /u HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcd'],
  ])('silence %s is 408 after the idle timeout', async (_, request) => {
    const { open, events, records } = await openDoor({ limits: { idleTimeoutMs: 20 } });
    const client = await open();
    expect(await client.request(request)).toMatchObject({ status: 408, headers: { connection: 'close' } });
    await client.closed;
    expect(events).toEqual([]);
    expect(records).toMatchObject([{ status: 408, errorReason: 'RequestTimeout' }]);
  });

  test('silence between requests closes without a word', async () => {
    const { open } = await openDoor({ limits: { keepAliveTimeoutMs: 20 } });
    const client = await open();
    expect(await client.request(bitsPost([]))).toMatchObject({ status: 200 });
    expect(await client.rest()).toBe('');
  });

  test('a function may take longer than the idle timeout', async () => {
    const { open } = await openDoor({
      limits: { idleTimeoutMs: 10 },
      invoke: async () => {
        await new Promise((resolve) => setTimeout(resolve, 60));
        return { statusCode: 200 };
      },
    });
    expect(await (await open()).request(bitsPost([]))).toMatchObject({ status: 200 });
  });

  test('a client that hangs up while its function runs harms nobody', async () => {
    const { running, open: answer, invoke } = gate();
    const { open, records } = await openDoor({ invoke });
    const client = await open();
    client.send(bitsPost([], 'abc'));
    await running;
    client.close();
    await client.closed;
    answer();
    expect(await (await open()).request(bitsPost([]))).toMatchObject({ status: 200 });
    expect(records.filter(({ bodyBytes }) => bodyBytes === 3)).toHaveLength(1);
  });

  test('a client that ends its half after the request still gets the answer', async () => {
    const { open } = await openDoor();
    const client = await open();
    client.socket.end(bitsPost([], 'abc'));
    expect(await client.response()).toMatchObject({ status: 200 });
  });

  test('a client that never reads does not make us hold answers without end', async () => {
    const { open, events } = await openDoor({
      limits: { idleTimeoutMs: 50 },
      invoke: async () => ({ statusCode: 200, body: 'x'.repeat(500_000) }),
    });
    const client = await open();
    client.socket.pause();
    client.send(Buffer.concat(Array.from({ length: 200 }, () => bitsPost([]))));
    // Rarer than the idle timeout: what the client sends counts as a sign of life.
    await client.writeUntilClosed(200);
    expect(events.length).toBeLessThan(200);
  });
});

describe('close', () => {
  test('a request that has begun is finished, its connection closed, idle ones at once', async () => {
    const { running, open: answer, invoke } = gate();
    const { door, open } = await openDoor({ invoke });
    const idle = await open();
    const busy = await open();
    busy.send(bitsPost([]));
    await running;
    const closed = door.close();
    expect(await idle.rest()).toBe('');
    answer();
    expect(await busy.response()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await closed;
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('a request that never ends is cut off after the grace', async () => {
    const { door, open } = await openDoor();
    const client = await open();
    client.send('BITS_POST /u HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\na');
    expect(await (await open()).request(bitsPost([]))).toMatchObject({ status: 200 });
    await door.close({ graceMs: 10 });
    await client.closed;
  });
});
