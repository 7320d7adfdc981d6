import { describe, expect, test } from 'vitest';
import { bitsPost, openDoor } from './door-harness.ts';

const START = 'BITS_POST /u HTTP/1.1\r\nHost: h\r\n';
const CHUNKED = `${START}Transfer-Encoding: chunked\r\n\r\n`;
/** A second request that must never be seen where the first was refused. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n';

describe('refused with 400, the connection closed, nothing behind it taken as a request', () => {
  const cases: readonly [string, string][] = [
    [
      'Content-Length and Transfer-Encoding',
      `${START}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'Transfer-Encoding and Content-Length',
      `${START}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
    ],
    ['Content-Length and identity', `${START}Content-Length: 3\r\nTransfer-Encoding: identity\r\n\r\nabc`],
    ['two different lengths', `${START}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
    ['two lengths, one of them padded', `${START}Content-Length: 3\r\nContent-Length: 03\r\n\r\nabc`],
    ['a list of lengths', `${START}Content-Length: 3, 3\r\n\r\nabc`],
    ['a negative length', `${START}Content-Length: -1\r\n\r\n`],
    ['a signed length', `${START}Content-Length: +3\r\n\r\nabc`],
    ['a hexadecimal length', `${START}Content-Length: 0x3\r\n\r\nabc`],
    ['an empty length', `${START}Content-Length:\r\n\r\n`],
    ['a length no number can hold', `${START}Content-Length: 99999999999999999999\r\n\r\n`],
    [
      'chunked twice in one header',
      `${START}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'chunked beside identity',
      `${START}Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['chunked in HTTP/1.0', 'BITS_POST /u HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a bare LF after the request line', 'BITS_POST /u HTTP/1.1\nHost: h\r\n\r\n'],
    ['a bare LF after a header', 'BITS_POST /u HTTP/1.1\r\nHost: h\n\r\n'],
    ['a bare LF as the empty line', 'BITS_POST /u HTTP/1.1\r\nHost: h\r\n\n'],
    ['a bare CR inside a header', `${START}X-A: a\rb\r\n\r\n`],
    ['CR CR LF', `${START}X-A: a\r\r\n\r\n`],
    ['a folded header', `${START}X-A: a\r\n b\r\n\r\n`],
    ['a folded header with a tab', `${START}X-A: a\r\n\tb: c\r\n\r\n`],
    ['a blank before the colon', `${START}Content-Length : 3\r\n\r\nabc`],
    ['a tab before the colon', `${START}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`],
    ['a header without a colon', `${START}Content-Length 3\r\n\r\n`],
    ['a header without a name', `${START}: 3\r\n\r\n`],
    ['a line of blanks', `${START}  \r\n\r\n`],
    ['a NUL in a value', `${START}X-A: a\0b\r\n\r\n`],
    ['a NUL in a name', `${START}X\0: a\r\n\r\n`],
    ['a NUL in the target', 'BITS_POST /u\0 HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a control character in a value', `${START}X-A: a\x1bb\r\n\r\n`],
    ['no Host in HTTP/1.1', 'BITS_POST /u HTTP/1.1\r\n\r\n'],
    ['two Hosts', `${START}Host: h\r\n\r\n`],
    ['two blanks in the request line', 'BITS_POST  /u HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a blank in the target', 'BITS_POST /u v HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a tab in the request line', 'BITS_POST\t/u HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['no version', 'BITS_POST /u\r\nHost: h\r\n\r\n'],
    ['a lower-case protocol', 'BITS_POST /u http/1.1\r\nHost: h\r\n\r\n'],
    ['a method that is no token', 'BITS(POST /u HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a target without a slash', 'BITS_POST u HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['another scheme', 'BITS_POST ftp://h/u HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a fragment identifier', 'BITS_POST /u#x HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a target that is not UTF-8', 'BITS_POST /\xff HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['CONNECT', 'CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['two empty lines before the request line', `\r\n\r\n${START}\r\n`],
    ['a WebSocket', `${START}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`],
    ['a chunk size that is no number', `${CHUNKED}x\r\n\r\n`],
    ['an empty chunk size', `${CHUNKED}\r\n\r\n`],
    ['a chunk size with a prefix', `${CHUNKED}0x3\r\nabc\r\n0\r\n\r\n`],
    ['a chunk size with a sign', `${CHUNKED}+3\r\nabc\r\n0\r\n\r\n`],
    ['a chunk size with a blank', `${CHUNKED}3 \r\nabc\r\n0\r\n\r\n`],
    ['a chunk size beyond 32 bits', `${CHUNKED}100000003\r\nabc\r\n0\r\n\r\n`],
    ['a bare LF after a chunk size', `${CHUNKED}3\nabc\r\n0\r\n\r\n`],
    ['a bare LF after chunk data', `${CHUNKED}3\r\nabc\n0\r\n\r\n`],
    ['chunk data longer than its size', `${CHUNKED}3\r\nabcd\r\n0\r\n\r\n`],
    ['a NUL in a chunk extension', `${CHUNKED}3;a=\0\r\nabc\r\n0\r\n\r\n`],
    ['a trailer that is no header', `${CHUNKED}0\r\nGET / HTTP/1.1\r\n\r\n`],
  ];
  test.each(cases)('%s', async (_, request) => {
    const { open, events } = await openDoor();
    const client = await open();
    client.send(request + SMUGGLED);
    expect(await client.response()).toMatchObject({
      status: 400,
      headers: { connection: 'close', server: 'awselb/2.0' },
    });
    client.socket.end();
    expect(await client.rest()).toBe('');
    expect(events).toEqual([]);
  });
});

test.each([
  ['another coding', 501, `${START}Transfer-Encoding: gzip\r\n\r\n`],
  ['a list of codings', 501, `${START}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['TRACE', 405, 'TRACE / HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['HTTP/2 in clear text', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
])('%s is %i', async (_, status, request) => {
  const { open, events } = await openDoor();
  const client = await open();
  expect(await client.request(request)).toMatchObject({ status, headers: { connection: 'close' } });
  expect(events).toEqual([]);
});

describe('accepted, and the next request begins in the right place', () => {
  const cases: readonly [string, string, string][] = [
    ['a doubled length that agrees', `${START}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`, 'abc'],
    ['a chunked body', `${CHUNKED}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`, 'abcde'],
    ['chunk sizes in capitals, with zeros', `${CHUNKED}0000000A\r\n0123456789\r\n000\r\n\r\n`, '0123456789'],
    ['chunk extensions', `${CHUNKED}3;a="b"\r\nabc\r\n0;x\r\n\r\n`, 'abc'],
    ['trailers, which are ignored', `${CHUNKED}3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n`, 'abc'],
    ['CHUNKED in capitals', `${START}Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n`, 'abc'],
    ['the coding identity', `${START}Transfer-Encoding: identity\r\n\r\n`, ''],
    ['chunk data that looks like an end', `${CHUNKED}5\r\n0\r\n\r\n\r\n0\r\n\r\n`, '0\r\n\r\n'],
    [
      'a body that looks like a request',
      `${START}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
      SMUGGLED,
    ],
    ['one empty line before it', `\r\n${START}Content-Length: 1\r\n\r\na`, 'a'],
    [
      'a value of blanks, tabs and high bytes',
      `${START}X-A: \t a\tb\xfc \t\r\nContent-Length: 1\r\n\r\na`,
      'a',
    ],
  ];
  test.each(cases)('%s', async (_, request, body) => {
    const { open, events } = await openDoor();
    const client = await open();
    client.send(request);
    client.send(bitsPost([], 'second', '/second'));
    expect(await client.response()).toMatchObject({ status: 200 });
    expect(await client.response()).toMatchObject({ status: 200 });
    expect(events.map(({ event }) => Buffer.from(event.body, 'base64').toString('latin1'))).toEqual([
      body,
      'second',
    ]);
    expect(events[1]?.event.path).toBe('/second');
  });

  test.each(cases)('%s, byte by byte', async (_, request, body) => {
    const { open, events } = await openDoor();
    const client = await open();
    for (const byte of Buffer.from(request, 'latin1')) {
      client.send(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.response()).toMatchObject({ status: 200 });
    expect(Buffer.from(events[0]?.event.body ?? '', 'base64').toString('latin1')).toBe(body);
  });
});

describe('limits of the head', () => {
  const line = (bytes: number) => `BITS_POST /${'a'.repeat(bytes - 'BITS_POST / HTTP/1.1'.length)} HTTP/1.1`;
  const header = (bytes: number, name = 'X-A') => `${name}: ${'a'.repeat(bytes - name.length - 2)}\r\n`;
  const many = (bytes: number) => {
    const whole = Array.from({ length: 6 }, (_, index) => header(10_000, `X-${index}`)).join('');
    return whole + header(bytes - whole.length - 'Host: h\r\n'.length - 2);
  };
  const cases: readonly [string, string, number][] = [
    ['a request line of 16 KB', `${line(16_384)}\r\nHost: h\r\n\r\n`, 200],
    ['a request line of one byte more', `${line(16_385)}\r\nHost: h\r\n\r\n`, 400],
    ['a header of 16 KB', `${START}${header(16_384)}\r\n`, 200],
    ['a header of one byte more', `${START}${header(16_385)}\r\n`, 400],
    ['headers of 64 KB', `BITS_POST /u HTTP/1.1\r\nHost: h\r\n${many(65_536)}\r\n`, 200],
    ['headers of one byte more', `BITS_POST /u HTTP/1.1\r\nHost: h\r\n${many(65_537)}\r\n`, 400],
    ['a request line without an end', 'a'.repeat(20_000), 400],
    ['a header without an end', `${START}X-A: ${'a'.repeat(20_000)}`, 400],
    ['a chunk line without an end', `${CHUNKED}3;${'a'.repeat(20_000)}`, 400],
    ['trailers over 64 KB', `${CHUNKED}0\r\n${header(10_000).repeat(7)}\r\n`, 400],
  ];
  test.each(cases)('%s: %s', async (_, request, status) => {
    const { open } = await openDoor();
    const client = await open();
    expect(await client.request(request)).toMatchObject({ status });
  });
});
