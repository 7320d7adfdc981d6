import { describe, expect, test } from 'vitest';
import { createRouter, type ListenerRule } from '../../infra/local/alb/routing.ts';
import { bitsPost, openDoor } from './door-harness.ts';

const packetRule = (priority: number, type: string, functionName: string): ListenerRule => ({
  priority,
  methods: ['BITS_POST'],
  headers: [{ name: 'BITS-Packet-Type', values: [type] }],
  functionName,
});

const RULES: readonly ListenerRule[] = [
  { priority: 900, methods: ['BITS_POST'], headers: [], functionName: 'unknown-packet' },
  packetRule(10, 'Ping', 'ping'),
  packetRule(30, 'Fragment', 'fragment'),
  packetRule(20, 'Create-Session', 'create-session'),
  { priority: 40, methods: ['GET'], headers: [], paths: ['/replies/*'], functionName: 'reply' },
  {
    priority: 5,
    methods: ['BITS_POST'],
    headers: [
      { name: 'X-Fleet', values: ['kiosk-?', 'till-*'] },
      { name: 'X-Blocked', values: ['yes'] },
    ],
    functionName: 'blocked',
  },
];

describe('rules are tried by ascending priority, all conditions must hold', () => {
  const route = createRouter(RULES);
  const cases: readonly [string, string, string, string[], string | undefined][] = [
    ['a packet type', 'BITS_POST', '/u/f', ['BITS-Packet-Type: Fragment'], 'fragment'],
    ['header value in another letter case', 'BITS_POST', '/u/f', ['BITS-Packet-Type: FRAGMENT'], 'fragment'],
    ['header name in another letter case', 'BITS_POST', '/u/f', ['bits-packet-TYPE: ping'], 'ping'],
    [
      'no rule of its own: the catch-all',
      'BITS_POST',
      '/u/f',
      ['BITS-Packet-Type: Resume'],
      'unknown-packet',
    ],
    ['a value that merely begins alike', 'BITS_POST', '/u/f', ['BITS-Packet-Type: Pings'], 'unknown-packet'],
    ['no packet type at all', 'BITS_POST', '/u/f', [], 'unknown-packet'],
    ['the method is case-sensitive', 'bits_post', '/u/f', ['BITS-Packet-Type: Ping'], undefined],
    ['another method', 'POST', '/u/f', ['BITS-Packet-Type: Ping'], undefined],
    [
      'a doubled header: any value may match',
      'BITS_POST',
      '/u/f',
      ['BITS-Packet-Type: x', 'BITS-Packet-Type: Ping'],
      'ping',
    ],
    [
      'lower priority number first',
      'BITS_POST',
      '/u/f',
      ['BITS-Packet-Type: Ping', 'X-Fleet: till-7', 'X-Blocked: YES'],
      'blocked',
    ],
    [
      'one of two header conditions is not enough',
      'BITS_POST',
      '/u/f',
      ['BITS-Packet-Type: Ping', 'X-Fleet: till-7'],
      'ping',
    ],
    [
      'a question mark is one character',
      'BITS_POST',
      '/u/f',
      ['X-Fleet: kiosk-12', 'X-Blocked: yes'],
      'unknown-packet',
    ],
    ['a path pattern', 'GET', '/replies/a/b', [], 'reply'],
    ['a path pattern is case-sensitive', 'GET', '/Replies/a', [], undefined],
  ];
  test.each(cases)('%s', (_, method, path, lines, expected) => {
    const headers = lines.map((line) => {
      const [name = '', value = ''] = line.split(': ');
      return { name, value };
    });
    expect(route({ method, path, query: '', version: '1.1', headers })).toBe(expected);
  });
});

test('over the wire: each packet reaches its function, the rest the fixed 404', async () => {
  const { open, events } = await openDoor({ rules: RULES });
  const client = await open();
  expect(await client.request(bitsPost(['BITS-Packet-Type: Create-Session']))).toMatchObject({ status: 200 });
  expect(await client.request(bitsPost(['BITS-Packet-Type: fragment'], 'abc'))).toMatchObject({
    status: 200,
  });
  const notFound = await client.request('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  expect(notFound).toMatchObject({ status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  expect(events.map(({ functionName }) => functionName)).toEqual(['create-session', 'fragment']);
});
