import { describe, expect, test } from 'vitest';
import { bitsPost, openDoor } from './door-harness.ts';

const answering = async (result: unknown) => {
  const harness = await openDoor({ invoke: async () => result, now: () => Date.UTC(2026, 10, 22) });
  return { ...harness, client: await harness.open() };
};

test('an Ack is written with its header names as given, and Date, Content-Length and Connection added', async () => {
  const { client } = await answering({
    statusCode: 200,
    statusDescription: '200 OK',
    isBase64Encoded: false,
    headers: { 'BITS-Packet-Type': 'Ack', 'BITS-Received-Content-Range': '12' },
    body: '',
  });
  expect(await client.request(bitsPost([]))).toEqual({
    status: 200,
    reason: 'OK',
    headers: {
      'bits-packet-type': 'Ack',
      'bits-received-content-range': '12',
      'content-length': '0',
      date: 'Sun, 22 Nov 2026 00:00:00 GMT',
      connection: 'keep-alive',
    },
    names: ['Date', 'BITS-Packet-Type', 'BITS-Received-Content-Range', 'Content-Length', 'Connection'],
    body: Buffer.alloc(0),
  });
});

describe('accepted', () => {
  const cases: readonly [string, unknown, object][] = [
    ['a status alone', { statusCode: 204 }, { status: 204, reason: 'No Content' }],
    ['a description of its own', { statusCode: 416, statusDescription: '416 Nope' }, { reason: 'Nope' }],
    ['an unknown status', { statusCode: 299 }, { status: 299, reason: '' }],
    ['a text body', { statusCode: 200, body: 'hé' }, { body: Buffer.from('hé') }],
    [
      'a base64 body',
      { statusCode: 200, body: '/wA=', isBase64Encoded: true },
      { body: Buffer.from([255, 0]) },
    ],
    ['undefined fields, which JSON drops', { statusCode: 200, headers: undefined }, { status: 200 }],
    [
      'headers the load balancer computes itself, which are dropped',
      {
        statusCode: 200,
        headers: { 'content-length': '99', CONNECTION: 'x', 'Transfer-Encoding': 'chunked' },
      },
      { names: ['Date', 'Content-Length', 'Connection'] },
    ],
  ];
  test.each(cases)('%s', async (_, result, expected) => {
    const { client } = await answering(result);
    expect(await client.request(bitsPost([]))).toMatchObject(expected);
    expect(await client.request(bitsPost([]))).toBeDefined();
  });
});

describe('a bare 502, and the connection stays', () => {
  const circular: Record<string, unknown> = { statusCode: 200 };
  circular['headers'] = circular;
  const cases: readonly [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'ok'],
    ['a list', [{ statusCode: 200 }]],
    ['no status', { body: '' }],
    ['a status as text', { statusCode: '200' }],
    ['a status that is not whole', { statusCode: 200.5 }],
    ['an informational status', { statusCode: 100 }],
    ['a status out of range', { statusCode: 600 }],
    ['a header that is a number', { statusCode: 200, headers: { 'BITS-Received-Content-Range': 12 } }],
    ['a header that is null', { statusCode: 200, headers: { 'X-A': null } }],
    ['a header that is a list', { statusCode: 200, headers: { 'X-A': ['a'] } }],
    ['a header with a line break', { statusCode: 200, headers: { 'X-A': 'a\r\nX-B: b' } }],
    ['a header whose name is no token', { statusCode: 200, headers: { 'X A': 'a' } }],
    ['headers that are null', { statusCode: 200, headers: null }],
    ['headers that are a list', { statusCode: 200, headers: [] }],
    ['multi-value headers, which are off', { statusCode: 200, multiValueHeaders: { 'X-A': ['a'] } }],
    ['a misspelt field', { statusCode: 200, header: {} }],
    ['a body that is null', { statusCode: 200, body: null }],
    ['a body that is an object', { statusCode: 200, body: {} }],
    ['a description that is null', { statusCode: 200, statusDescription: null }],
    ['a description with a line break', { statusCode: 200, statusDescription: '200 OK\r\nX: y' }],
    ['a flag that is null', { statusCode: 200, isBase64Encoded: null }],
    ['a flag that is text', { statusCode: 200, isBase64Encoded: 'true' }],
    ['a body that is not base64', { statusCode: 200, isBase64Encoded: true, body: 'a b' }],
    ['something with no JSON form', circular],
    ['more than 1 MB', { statusCode: 200, body: 'x'.repeat(1_000_000) }],
    ['more than 32 KB of headers', { statusCode: 200, headers: { 'X-A': 'x'.repeat(32_768) } }],
  ];
  test.each(cases)('%s', async (_, result) => {
    const { client, records } = await answering(result);
    const answer = await client.request(bitsPost(['BITS-Packet-Type: Fragment'], 'abc'));
    expect(answer).toMatchObject({
      status: 502,
      reason: 'Bad Gateway',
      headers: { server: 'awselb/2.0', 'content-type': 'text/html', connection: 'keep-alive' },
    });
    expect(answer?.body.toString()).toContain('<h1>502 Bad Gateway</h1>');
    expect(answer?.names).toEqual(['Date', 'Server', 'Content-Type', 'Content-Length', 'Connection']);
    expect(await client.request(bitsPost([]))).toMatchObject({ status: 502 });
    expect(records[0]).toMatchObject({
      functionName: 'echo',
      status: 502,
      bodyBytes: 3,
      errorReason: expect.stringMatching(/^LambdaInvalidResponse$|^LambdaResponseTooLarge$/),
    });
  });

  test('a function that throws', async () => {
    const boom = new Error('boom');
    const { open, records } = await openDoor({ invoke: () => Promise.reject(boom) });
    const client = await open();
    expect(await client.request(bitsPost([]))).toMatchObject({ status: 502 });
    expect(records).toMatchObject([{ errorReason: 'LambdaUnhandled', cause: boom }]);
  });

  test('the largest headers and body that are allowed', async () => {
    const { client } = await answering({ statusCode: 200, headers: { 'X-A': 'x'.repeat(32_768 - 7) } });
    expect(await client.request(bitsPost([]))).toMatchObject({ status: 200 });
    const envelope = JSON.stringify({ statusCode: 200, body: '' }).length;
    const big = await answering({ statusCode: 200, body: 'x'.repeat(1_000_000 - envelope) });
    expect(await big.client.request(bitsPost([]))).toMatchObject({ status: 200 });
  });
});

test('HEAD gets the headers of the body and no body', async () => {
  const { client } = await answering({ statusCode: 200, body: 'hello' });
  client.send('HEAD /r HTTP/1.1\r\nHost: h\r\n\r\n');
  expect(await client.response({ toHead: true })).toMatchObject({ headers: { 'content-length': '5' } });
  client.send('GET /r HTTP/1.1\r\nHost: h\r\n\r\n');
  expect(await client.response()).toMatchObject({ status: 200, body: Buffer.from('hello') });
});
