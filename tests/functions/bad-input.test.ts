import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventOf } from '../support/functions-harness.ts';
import {
  cancelPacket,
  closePacket,
  createPacket,
  pingPacket,
  textFragment,
  withHeaders,
} from '../support/packets.ts';
import { halfway, text } from './sessions.ts';
import { type Harness, stateOf } from './state.ts';

const functions = ['ping', 'create', 'fragment', 'close', 'cancel', 'unknown'] as const;

/** CI sets many more than there is time for here. */
const fuzzCases = Number(process.env['FUZZ_CASES'] ?? 10_000);

/** How often anything that changes a store has been called. */
const writesOf = ({ sessions, objects }: Harness): number => {
  const { putPiece, deletePieces, createUpload, uploadPart, copyPart, completeUpload, abortUpload } =
    objects.calls;
  return (
    sessions.calls.write +
    sessions.calls.takeTicket +
    (putPiece + deletePieces + createUpload + uploadPart + copyPart + completeUpload + abortUpload)
  );
};

const statuses = [200, 400, 403, 405, 413, 416, 500, 501, 503];

/** What ALB takes from a function, and the client from an Ack; anything else is a bare 502. */
const expectValidResponse = (result: unknown): void => {
  expect(result).toEqual({
    statusCode: expect.any(Number),
    statusDescription: expect.stringMatching(/^\d{3} [A-Z][A-Za-z ]+$/),
    isBase64Encoded: false,
    body: '',
    ...(Object(result).multiValueHeaders === undefined
      ? { headers: expect.any(Object) }
      : { multiValueHeaders: expect.any(Object) }),
  });
  const { statusCode, headers, multiValueHeaders } = Object(result);
  expect(statuses).toContain(statusCode);
  for (const [name, value] of Object.entries(headers ?? multiValueHeaders)) {
    const values = Array.isArray(value) ? value : [value];
    expect(values).toHaveLength(1);
    // A control character in a header would break the response, or add one of the client's choice.
    for (const text of values) expect(text, name).toMatch(/^[\x20-\x7e]+$/);
  }
  const typeValue = (headers ?? multiValueHeaders)['BITS-Packet-Type'];
  expect(Array.isArray(typeValue) ? typeValue[0] : typeValue).toBe('Ack');
};

const invoke = (harness: Harness, name: (typeof functions)[number], event: unknown): Promise<unknown> =>
  harness.lambda(name)(event, { getRemainingTimeInMillis: () => 60_000 });

const good = (session: string) => eventOf(textFragment(session, text, 13, 20));

/** Events that are no good, whoever they reach. */
const events: readonly [string, (session: string) => unknown][] = [
  ['nothing', () => undefined],
  ['null', () => null],
  ['a text', () => 'BITS_POST /drop/file.bin'],
  ['a number', () => 7],
  ['a list', () => [1, 2]],
  ['an empty event', () => ({})],
  [
    'a health check',
    () => ({ httpMethod: 'GET', path: '/', headers: { 'user-agent': 'ELB-HealthChecker/2.0' } }),
  ],
  ['no headers', (s) => ({ ...good(s), headers: undefined })],
  ['headers null', (s) => ({ ...good(s), headers: null })],
  ['headers a list', (s) => ({ ...good(s), headers: ['bits-packet-type', 'Fragment'] })],
  [
    'header values that are no texts',
    (s) => ({ ...good(s), headers: { 'bits-packet-type': 7, host: {}, x: null } }),
  ],
  ['both kinds of headers null', (s) => ({ ...good(s), headers: null, multiValueHeaders: null })],
  [
    'multiValueHeaders with holes',
    (s) => ({ ...good(s), headers: undefined, multiValueHeaders: { host: [null, 7] } }),
  ],
  ['a method that is no text', (s) => ({ ...good(s), httpMethod: 7 })],
  ['a path that is no text', (s) => ({ ...good(s), path: { toString: 'x' } })],
  ['no path', (s) => ({ ...good(s), path: undefined })],
  ['a query that is no map', (s) => ({ ...good(s), path: '/drop/', queryStringParameters: 'a=b' })],
  ['a body that is no text', (s) => ({ ...good(s), body: { length: 7 } })],
  ['a body of numbers', (s) => ({ ...good(s), body: 1234567 })],
  ['no body', (s) => ({ ...good(s), body: undefined })],
  ['body null', (s) => ({ ...good(s), body: null })],
  ['a body that is no base64', (s) => ({ ...good(s), body: '\u0000\ud800!!' })],
  ['the base64 flag missing', (s) => ({ ...good(s), isBase64Encoded: undefined })],
  ['the base64 flag wrong', (s) => ({ ...good(s), isBase64Encoded: false })],
  ['the base64 flag a text', (s) => ({ ...good(s), isBase64Encoded: 'true' })],
  [
    '100 KB in a BITS header',
    (s) => eventOf(withHeaders(closePacket(s), { 'BITS-Session-Id': 'x'.repeat(100_000) })),
  ],
  [
    '100 KB of white space',
    (s) => eventOf(withHeaders(closePacket(s), { 'BITS-Session-Id': `a${' '.repeat(100_000)}b` })),
  ],
  [
    '100 KB of packet type',
    (s) => eventOf(withHeaders(closePacket(s), { 'BITS-Packet-Type': 'Ping'.repeat(25_000) })),
  ],
  [
    '100 KB of range',
    (s) => eventOf(withHeaders(closePacket(s), { 'Content-Range': `bytes ${'1'.repeat(100_000)}` })),
  ],
  ['100 KB of host', (s) => eventOf(withHeaders(closePacket(s), { Host: 'a.'.repeat(50_000) }))],
  ['100 KB of path', (s) => eventOf(closePacket(s, `/drop/${'%41'.repeat(33_000)}`))],
  [
    'a line break in the session id',
    (s) => eventOf(withHeaders(closePacket(s), { 'BITS-Session-Id': 'a\r\nX: y' })),
  ],
  ['a path that climbs', (s) => eventOf(closePacket(s, '/drop/../../etc/passwd'))],
  ['an escaped path that climbs', (s) => eventOf(closePacket(s, '/drop/%2e%2e/%2e%2e/etc'))],
  [
    'a prototype in the headers',
    () => JSON.parse('{"httpMethod":"BITS_POST","headers":{"__proto__":{"host":"x"}}}'),
  ],
  [
    'names of prototypes',
    () => eventOf({ headers: { constructor: 'x', toString: 'y', 'BITS-Packet-Type': '__proto__' } }),
  ],
];

describe.each(functions)('the function %s', (name) => {
  it.each(events)('answers an Ack to %s, and changes nothing', async (_, eventFor) => {
    const { harness, session } = await halfway();
    const before = stateOf(harness);
    expectValidResponse(await invoke(harness, name, eventFor(session)));
    expect(stateOf(harness)).toEqual(before);
  });
});

describe('multi-value headers', () => {
  const multi = (event: ReturnType<typeof good>, more: Record<string, string[]> = {}) => ({
    ...event,
    headers: undefined,
    multiValueHeaders: {
      ...Object.fromEntries(Object.entries(event.headers).map(([name, value]) => [name, [value]])),
      ...more,
    },
  });

  it('are read, and answered in kind', async () => {
    const { harness, session } = await halfway();
    const result = await invoke(harness, 'fragment', multi(good(session)));
    expectValidResponse(result);
    expect(result).toMatchObject({
      statusCode: 200,
      multiValueHeaders: { 'BITS-Received-Content-Range': ['20'], 'BITS-Session-Id': [session] },
    });
    expect(result).not.toHaveProperty('headers');
  });

  it.each([
    ['session ids', { 'bits-session-id': ['{00000000-0000-4000-8000-000000000000}', '{x}'] }],
    ['ranges', { 'content-range': ['bytes 13-19/26', 'bytes 13-19/27'] }],
    ['lengths', { 'content-length': ['7', '8'] }],
    ['packet types', { 'bits-packet-type': ['Fragment', 'Ping'] }],
  ])('two %s that differ are refused (C4)', async (_, headers) => {
    const { harness, session } = await halfway();
    const before = stateOf(harness);
    const result = await invoke(harness, 'fragment', multi(good(session), headers));
    expectValidResponse(result);
    expect(result).toMatchObject({ statusCode: 400 });
    expect(stateOf(harness)).toEqual(before);
  });

  it('a header that came twice alike is one header', async () => {
    const { harness, session } = await halfway();
    const doubled = {
      'content-range': ['bytes 13-19/26', 'bytes 13-19/26'],
      'bits-session-id': [session, session],
    };
    const result = await invoke(harness, 'fragment', multi(good(session), doubled));
    expect(result).toMatchObject({ statusCode: 200 });
  });
});

describe('any event in, a valid response out', () => {
  const session = '{0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012}';
  const oddText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.constantFrom('', session, 'Fragment', 'bytes 0-9/10', 'bytes */0', '0', '10', '{', '\r\n', '\ud800'),
  );
  const oddValue = fc.oneof({ weight: 4, arbitrary: oddText }, fc.anything());
  const headerName = fc.constantFrom(
    'bits-packet-type',
    'bits-session-id',
    'bits-supported-protocols',
    'content-range',
    'content-length',
    'content-encoding',
    'content-name',
    'host',
    'x-forwarded-proto',
    'Content-Length',
  );
  const headers = fc.oneof(
    { weight: 5, arbitrary: fc.dictionary(fc.oneof(headerName, oddText), oddValue) },
    { weight: 1, arbitrary: fc.anything() },
  );
  const path = fc.oneof(
    oddText,
    oddText.map((tail) => `/drop/${tail}`),
    fc.webPath(),
    fc.anything(),
  );

  /** A good packet of which some fields are other ones. */
  const event = fc
    .record({
      base: fc.constantFrom(
        pingPacket(),
        createPacket(),
        textFragment(session, text, 0, 13),
        closePacket(session),
        cancelPacket(session),
      ),
      changedHeaders: fc.dictionary(headerName, oddText, { maxKeys: 2 }),
      changedFields: fc.record(
        {
          httpMethod: oddValue,
          path,
          queryStringParameters: headers,
          multiValueQueryStringParameters: headers,
          headers,
          multiValueHeaders: fc.dictionary(headerName, fc.oneof(fc.array(oddValue), fc.anything())),
          body: oddValue,
          isBase64Encoded: oddValue,
        },
        { requiredKeys: [] },
      ),
      isWild: fc.integer({ min: 0, max: 3 }).map((value) => value === 0),
    })
    .map(({ base, changedHeaders, changedFields, isWild }) => {
      const sound = eventOf(withHeaders(base, changedHeaders));
      return isWild ? { ...sound, ...changedFields } : sound;
    });

  it(`${fuzzCases} of them: what is not answered 200 has written nothing`, {
    timeout: 1_200_000,
  }, async () => {
    const { harness } = await halfway();
    const accepted = { writes: 0 };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...functions), fc.oneof(event, fc.anything()), async (name, any) => {
        const before = writesOf(harness);
        const result = await invoke(harness, name, any);
        expectValidResponse(result);
        const writes = writesOf(harness) - before;
        if (Object(result).statusCode !== 200) expect(writes).toBe(0);
        accepted.writes += writes;
      }),
      { numRuns: fuzzCases },
    );
    // Not everything was nonsense: some sessions were begun.
    expect(accepted.writes).toBeGreaterThan(0);
    // Nobody guessed the id of the session that was there.
    expect([...harness.objects.pieces.values()].map(String)).toEqual([text.slice(0, 13)]);
    expect(harness.objects.uploads.size).toBe(0);
    expect(harness.objects.objects.size).toBe(0);
  });
});
