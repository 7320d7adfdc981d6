import { describe, expect, test } from 'vitest';
import {
  bindRequest,
  compareAck,
  EXCHANGE_NAMES,
  type ExchangeResponse,
  ExchangeSyntaxError,
  loadExchange,
  parseExchange,
  SessionIds,
} from '../exchanges/index.ts';
import { headerValue } from '../support/http/message.ts';

describe('the exchange files', () => {
  test.each(EXCHANGE_NAMES)('%s: every message is consistent in itself', async (name) => {
    const exchange = await loadExchange(name);
    expect(exchange.steps.length).toBeGreaterThanOrEqual(5);
    expect(exchange.steps.map((step) => step.id)).toEqual(
      exchange.steps.map((_, at) => `${exchange.id}.${at + 1}`),
    );
    for (const { id, request, response } of exchange.steps) {
      const declared = headerValue(request.headers, 'Content-Length') ?? '0';
      expect(request.body.length, id).toBe(Number(declared));
      expect(headerValue(response.headers, 'Content-Length'), id).toBeDefined();
      if (request.method !== 'BITS_POST') continue;
      expect(response.body.length, id).toBe(0);
      expect(headerValue(response.headers, 'BITS-Packet-Type'), id).toBe('Ack');
      const echoed = headerValue(request.headers, 'BITS-Session-Id');
      if (echoed !== undefined) expect(headerValue(response.headers, 'BITS-Session-Id'), id).toBe(echoed);
    }
  });

  test('bodies are exactly the characters of the file', async () => {
    const { steps } = await loadExchange('x1-simple-upload');
    expect(Buffer.from(steps[1]?.request.body ?? []).toString()).toBe('abcdefghijklm');
    expect(steps[0]?.request.body.length).toBe(0);
  });

  test('stage directions, outcomes and alternatives are typed values', async () => {
    const x3 = await loadExchange('x3-fragment-too-large');
    expect(x3.setup).toEqual([{ kind: 'fragment-limit', bytes: 16 }]);
    expect(x3.outcomes).toEqual([
      { kind: 'object', path: '/drop/gamma.txt', text: 'abcdefghijklmnopqrstuvwxyz' },
    ]);
    expect(x3.steps[1]?.alternatives.get('front-end')?.status).toBe(413);
    const x4 = await loadExchange('x4-lost-acks');
    expect(x4.steps.filter((step) => step.alternatives.has('strict-server')).map(({ id }) => id)).toEqual([
      'X4.4',
      'X4.5',
    ]);
    const x8 = await loadExchange('x8-session-expired');
    expect(x8.steps.find((step) => step.before.length > 0)?.id).toBe('X8.3');
    const x9 = await loadExchange('x9-errors');
    expect(x9.steps[8]?.before).toEqual([{ kind: 'maximum-upload-size', bytes: 1000 }]);
    expect(x9.outcomes).toEqual([{ kind: 'no-object', path: '/drop/kappa.txt' }]);
  });

  test.each([
    ['no heading', 'hello\n'],
    ['an unknown direction', 'X1 t\n@ moon full\n'],
    ['a step without a response', 'X1 t\n=== X1.1 CREATE\n--> client\nBITS_POST / HTTP/1.1\n'],
    ['a bad request line', 'X1 t\n=== X1.1 CREATE\n--> client\nBITS_POST /\n<-- server\nHTTP/1.1 200 OK\n'],
    [
      'a line without colon',
      'X1 t\n=== X1.1 CREATE\n--> client\nPING / HTTP/1.1\nHost\n<-- server\nHTTP/1.1 200 OK\n',
    ],
  ])('%s is refused', (_, text) => {
    expect(() => parseExchange(text)).toThrow(ExchangeSyntaxError);
  });
});

describe('compareAck', () => {
  const written = '{0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012}';
  const issued = '{11111111-2222-4333-8444-555555555555}';
  const created = (id: string): ExchangeResponse => ({
    status: 200,
    reason: 'OK',
    headers: [
      ['BITS-Packet-Type', 'Ack'],
      ['BITS-Protocol', '{7df0354d-249b-430f-820d-3d2a9bef4931}'],
      ['BITS-Session-Id', id],
      ['Content-Length', '0'],
    ],
    body: new Uint8Array(),
  });
  const closed = (id: string): ExchangeResponse => ({
    ...created(id),
    headers: created(id).headers.filter(([name]) => name !== 'BITS-Protocol'),
  });

  test('takes hosting headers and another order for the same', () => {
    const actual = created(written);
    const headers = [['Server', 'x'] as const, ...actual.headers.toReversed(), ['Date', 'now'] as const];
    expect(compareAck(created(written), { ...actual, headers })).toEqual([]);
  });

  test('binds the issued id and then insists on it', () => {
    const sessions = new SessionIds();
    expect(compareAck(created(written), created(issued), { sessions })).toEqual([]);
    expect(compareAck(closed(written), closed(issued), { sessions })).toEqual([]);
    expect(compareAck(closed(written), closed(written), { sessions })).toEqual([
      `missing header: BITS-Session-Id: ${issued}`,
      `unexpected header: BITS-Session-Id: ${written}`,
    ]);
    const second = '{4D9A7F30-12C5-4B8E-8F6D-A1B2C3D4E5F6}';
    expect(compareAck(created(second), created(issued), { sessions })[0]).toContain('issued twice');
  });

  test('an id that was not bound by a Create stands for itself', () => {
    expect(compareAck(closed(written), closed(issued))).not.toEqual([]);
  });

  const alter = (change: Partial<ExchangeResponse>) => ({ ...created(written), ...change });
  test.each([
    ['status', alter({ status: 201 }), 'status line'],
    ['reason', alter({ reason: 'Fine' }), 'status line'],
    ['body', alter({ body: Buffer.from('x') }), 'body'],
    [
      'missing header',
      alter({ headers: created(written).headers.slice(1) }),
      'missing header: BITS-Packet-Type',
    ],
    [
      'extra header',
      alter({ headers: [...created(written).headers, ['X-A', 'b']] }),
      'unexpected header: X-A',
    ],
    [
      'doubled header',
      alter({ headers: [...created(written).headers, ['Content-Length', '0']] }),
      'unexpected header: Content-Length',
    ],
    ['id that is no GUID', created('abc'), 'not a GUID'],
  ])('finds a difference in the %s', (_, actual, complaint) => {
    expect(compareAck(created(written), actual).join('\n')).toContain(complaint);
  });

  test('a type that a load balancer adds is no difference, unless nothing stands before the function', () => {
    const typed = (value: string) =>
      alter({ headers: [...created(written).headers, ['Content-Type', value]] });
    const octets = typed('application/octet-stream');
    expect(compareAck(created(written), octets)).toEqual([]);
    expect(compareAck(created(written), octets, { isBareFunction: true })).toHaveLength(1);
    expect(compareAck(created(written), typed('text/html'))).toHaveLength(1);
  });

  test('header case is exact unless it is said not to matter; ignored names can be added', () => {
    const headers = created(written).headers.map(([name, value]) => [name.toLowerCase(), value] as const);
    expect(compareAck(created(written), alter({ headers }))).toHaveLength(8);
    expect(compareAck(created(written), alter({ headers }), { isHeaderCaseExact: false })).toEqual([]);
    const bare = alter({ headers: created(written).headers.slice(0, 3) });
    expect(compareAck(created(written), bare, { ignoredHeaders: ['content-length'] })).toEqual([]);
  });
});

test('bindRequest puts host, destination and issued ids in place', async () => {
  const { steps } = await loadExchange('x1-simple-upload');
  const sessions = new SessionIds();
  sessions.bind('{0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012}', '{A}');
  const request = steps[1]?.request;
  if (request === undefined) throw new Error('no step');
  const bound = bindRequest(request, { sessions, host: 'h:1', targetOf: (name) => `/in/run-${name}` });
  expect(bound.target).toBe('/in/run-alpha.txt');
  expect(headerValue(bound.headers, 'Host')).toBe('h:1');
  expect(headerValue(bound.headers, 'BITS-Session-Id')).toBe('{A}');
  expect(bound.body).toEqual(request.body);
});
