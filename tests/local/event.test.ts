import { describe, expect, test } from 'vitest';
import { type AlbEvent, startFrontDoor } from '../../infra/local/alb/front-door.ts';
import { bitsPost, ECHO_RULES, type Harness, openDoor } from './door-harness.ts';

async function eventOf(request: string | Buffer): Promise<{ event: AlbEvent; harness: Harness }> {
  const harness = await openDoor({ now: () => Date.UTC(2026, 10, 22) });
  const client = await harness.open();
  expect(await client.request(request)).toMatchObject({ status: 200 });
  const [only] = harness.events;
  if (only === undefined || harness.events.length !== 1) throw new Error('not exactly one event');
  return { event: only.event, harness };
}

test('a fragment becomes the event that the load balancer documents', async () => {
  const { event, harness } = await eventOf(
    bitsPost(
      ['BITS-Packet-Type: Fragment', 'BITS-Session-Id: {7DF0}', 'Content-Range: bytes 0-11/12'],
      'Hello world!',
      '/u/a%20b.bin?x=%41&y&x=2',
    ),
  );
  expect(event).toEqual({
    requestContext: {
      elb: { targetGroupArn: expect.stringMatching(/^arn:aws:elasticloadbalancing:.*targetgroup\/echo\//) },
    },
    httpMethod: 'BITS_POST',
    path: '/u/a%20b.bin',
    queryStringParameters: { x: '2', y: '' },
    headers: {
      'bits-packet-type': 'Fragment',
      'bits-session-id': '{7DF0}',
      'content-length': '12',
      'content-range': 'bytes 0-11/12',
      host: 'bits.test',
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-6b023080-[0-9a-f]{24}$/),
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-port': String(harness.door.port),
      'x-forwarded-proto': 'http',
    },
    body: 'SGVsbG8gd29ybGQh',
    isBase64Encoded: true,
  });
});

test('bodies of any length follow one another, each its own bytes', async () => {
  const harness = await openDoor();
  const client = await harness.open();
  const lengths = [1_000_000, 70_000, 719_999, 720_000, 720_001, 1, 999_983];
  for (const [index, length] of lengths.entries()) {
    const body = Buffer.from(Array.from({ length }, (_, at) => (at * 31 + index * 7 + (at >> 8)) & 0xff));
    expect(await client.request(bitsPost([], body))).toMatchObject({ status: 200 });
    expect(Buffer.from(harness.events.at(-1)?.event.body ?? '', 'base64').equals(body), `${length}`).toBe(
      true,
    );
  }
  // What was put into an event stays what it was.
  const kept = harness.events.map(({ event }) => Buffer.from(event.body, 'base64')[0]);
  expect(kept).toEqual(lengths.map((_, index) => index * 7));
});

describe('the base64 rule', () => {
  const cases: readonly [string, string[], string, string, boolean][] = [
    ['no content type', [], 'hi', 'aGk=', true],
    ['octet-stream', ['Content-Type: application/octet-stream'], 'hi', 'aGk=', true],
    ['any text type', ['Content-Type: text/x-log; charset=utf-8'], 'h\xc3\xa9', 'hé', false],
    ['text in another letter case', ['Content-Type: TEXT/Plain'], 'hi', 'hi', false],
    ['JSON', ['Content-Type: application/json'], '{}', '{}', false],
    ['JavaScript', ['Content-Type: application/javascript'], 'x', 'x', false],
    ['XML', ['Content-Type: application/xml'], '<x/>', '<x/>', false],
    ['JSON with a suffix is not JSON', ['Content-Type: application/json-patch+json'], '[]', 'W10=', true],
    [
      'content encoding comes first',
      ['Content-Type: text/plain', 'Content-Encoding: identity'],
      'hi',
      'aGk=',
      true,
    ],
    ['an empty body', [], '', '', false],
  ];
  test.each(cases)('%s', async (_, headers, body, expected, isBase64Encoded) => {
    const { event } = await eventOf(bitsPost(headers, body));
    expect(event).toMatchObject({ body: expected, isBase64Encoded });
  });

  test('every byte value survives', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    const { event } = await eventOf(bitsPost([], bytes));
    expect(Buffer.from(event.body, 'base64')).toEqual(bytes);
  });

  test('a text body that is not UTF-8 is 400 and reaches no function', async () => {
    const { open, events, records } = await openDoor();
    const client = await open();
    const answer = await client.request(bitsPost(['Content-Type: text/plain'], Buffer.from([0xff, 0xfe])));
    expect(answer).toMatchObject({ status: 400, headers: { server: 'awselb/2.0' } });
    expect(events).toEqual([]);
    expect(records).toMatchObject([{ status: 400, errorReason: 'LambdaBadRequest' }]);
  });
});

describe('headers', () => {
  test('of doubled names the last wins, and __proto__ is a name like any other', async () => {
    const { event } = await eventOf(bitsPost(['X-A: 1', 'x-a: 2', '__proto__: odd', 'X-Long:   blanks \t ']));
    expect(event.headers).toMatchObject({ 'x-a': '2', 'x-long': 'blanks' });
    expect(Object.entries(event.headers)).toContainEqual(['__proto__', 'odd']);
  });

  test('UTF-8 is read as that, other bytes one by one', async () => {
    const { event } = await eventOf(bitsPost(['Content-Name: \xc3\xa9.txt', 'X-Ansi: \xe9.txt']));
    expect(event.headers).toMatchObject({ 'content-name': 'é.txt', 'x-ansi': 'é.txt' });
  });

  test("earlier forwarding addresses are kept before the client's", async () => {
    const { event } = await eventOf(
      bitsPost(['X-Forwarded-For: 192.0.2.1, 192.0.2.2', 'X-Forwarded-Proto: https']),
    );
    expect(event.headers).toMatchObject({
      'x-forwarded-for': '192.0.2.1, 192.0.2.2, 127.0.0.1',
      'x-forwarded-proto': 'http',
    });
  });

  test('thirty forwarding addresses pass, one more is 463', async () => {
    const { open, events } = await openDoor();
    const addresses = (count: number) => `X-Forwarded-For: ${Array(count).fill('192.0.2.1').join(',')}`;
    const client = await open();
    expect(await client.request(bitsPost([addresses(30)]))).toMatchObject({ status: 200 });
    expect(await client.request(bitsPost([addresses(31)]))).toMatchObject({ status: 463 });
    expect(events).toHaveLength(1);
  });

  test.each([
    ['a root of its own', 'Root=1-a-b', /^Self=1-[0-9a-f]{8}-[0-9a-f]{24};Root=1-a-b$/],
    ['an older self', 'Self=1-x-y;Root=1-a-b', /^Self=1-[0-9a-f]{8}-[0-9a-f]{24};Root=1-a-b$/],
    ['no root', 'Parent=7', /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=7$/],
  ])('a trace id with %s', async (_, sent, expected) => {
    const { event } = await eventOf(bitsPost([`X-Amzn-Trace-Id: ${sent}`]));
    expect(event.headers['x-amzn-trace-id']).toMatch(expected);
  });

  test('no Content-Length is invented for a request without one', async () => {
    const { event } = await eventOf('BITS_POST /u HTTP/1.1\r\nHost: h\r\n\r\n');
    expect(event.headers).not.toHaveProperty('content-length');
    expect(event).toMatchObject({ body: '', isBase64Encoded: false });
  });
});

describe('targets', () => {
  const cases: readonly [string, string, Partial<AlbEvent>][] = [
    ['origin form', '/a//b/../c?q', { path: '/a//b/../c', queryStringParameters: { q: '' } }],
    ['absolute form', 'http://other.test/a?b=c', { path: '/a', queryStringParameters: { b: 'c' } }],
    ['absolute form without a path', 'HTTPS://other.test', { path: '/' }],
    ['absolute form, query only', 'http://other.test?b', { path: '/', queryStringParameters: { b: '' } }],
    ['a second question mark', '/a?b=c?d', { queryStringParameters: { b: 'c?d' } }],
    ['an empty query', '/a?', { path: '/a', queryStringParameters: {} }],
    ['raw UTF-8', '/\xc3\xa9', { path: '/é' }],
  ];
  test.each(cases)('%s', async (_, target, expected) => {
    const { event } = await eventOf(bitsPost([], '', target));
    expect(event).toMatchObject(expected);
  });

  test('an absolute form replaces the Host header', async () => {
    const { event } = await eventOf(bitsPost([], '', 'http://other.test:81/a'));
    expect(event.headers['host']).toBe('other.test:81');
  });
});

test('a taken port rejects with the system error', async () => {
  const { door } = await openDoor();
  const options = {
    host: '127.0.0.1',
    port: door.port,
    rules: ECHO_RULES,
    invoke: async () => ({ statusCode: 200 }),
  };
  await expect(startFrontDoor(options)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
