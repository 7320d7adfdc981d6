import { describe, expect, test } from 'vitest';
import {
  isViolation,
  type PacketType,
  react,
  readAck,
  TransportError,
} from '../support/bits-client/index.ts';
import type { Header, HttpResponse } from '../support/http/message.ts';

const response = (
  status: number,
  headers: Readonly<Record<string, string>> = {},
  httpVersion = '1.1',
): HttpResponse => ({
  httpVersion,
  status,
  reason: '',
  headers: Object.entries(headers).map(([name, value]): Header => [name, value]),
  body: new Uint8Array(),
  framing: 'content-length',
});

const ACK = { 'BITS-Packet-Type': 'Ack' };
const CREATED = {
  ...ACK,
  'BITS-Protocol': '{7DF0354D-249B-430F-820D-3D2A9BEF4931}',
  'BITS-Session-Id': 'any string',
};

describe('readAck', () => {
  test.each<[string, PacketType, HttpResponse]>([
    ['HTTP/1.0', 'Ping', response(200, ACK, '1.0')],
    ['a 200 without BITS-Packet-Type', 'Ping', response(200)],
    ['a 200 that is another packet', 'Ping', response(200, { 'BITS-Packet-Type': 'Ping' })],
    [
      'a created session without protocol',
      'Create-Session',
      response(200, { ...CREATED, 'BITS-Protocol': '' }),
    ],
    ['a created session without id', 'Create-Session', response(201, { ...CREATED, 'BITS-Session-Id': '' })],
    ['a fragment without offset', 'Fragment', response(200, ACK)],
    [
      'a fragment with a range as offset',
      'Fragment',
      response(200, { ...ACK, 'BITS-Received-Content-Range': '0-12' }),
    ],
    ['a gap without offset', 'Fragment', response(416, ACK)],
    [
      'an offset beyond exact numbers',
      'Fragment',
      response(200, { ...ACK, 'BITS-Received-Content-Range': '18446744073709551615' }),
    ],
  ])('%s is no Ack', (_, type, answer) => {
    expect(isViolation(readAck(type, answer))).toBe(true);
  });

  test.each<[string, PacketType, HttpResponse]>([
    ['an Ack in another letter case', 'Ping', response(200, { 'bits-packet-type': 'ACK' })],
    ['a session id that is no GUID', 'Create-Session', response(200, CREATED)],
    ['201', 'Create-Session', response(201, CREATED)],
    [
      'a fragment Ack without session id',
      'Fragment',
      response(200, { ...ACK, 'BITS-Received-Content-Range': '13' }),
    ],
    ['an error header at status 200', 'Ping', response(200, { ...ACK, 'BITS-Error-Code': '0x80070057' })],
    ["a front end's bare 413", 'Fragment', response(413)],
    ["a front end's bare 503", 'Fragment', response(503, { 'Content-Type': 'text/html' })],
  ])('%s is understood', (_, type, answer) => {
    expect(isViolation(readAck(type, answer))).toBe(false);
  });

  test('either error header counts, BITS-Error-Code first', () => {
    const only = readAck('Ping', response(500, { 'BITS-Error': '0x8020001F' }));
    expect(only).toMatchObject({ errorCode: 0x8020001f });
    const both = readAck(
      'Ping',
      response(500, { 'BITS-Error': '0x80070057', 'BITS-Error-Code': '0x80200020' }),
    );
    expect(both).toMatchObject({ errorCode: 0x80200020, errorContext: 'remote-file' });
    const remote = readAck(
      'Ping',
      response(500, { 'BITS-Error-Code': 'nonsense', 'BITS-Error-Context': '0x7' }),
    );
    expect(remote).toMatchObject({ errorCode: undefined, errorContext: 'remote-application' });
  });

  test('an infinite fallback time is none', () => {
    const headers = { ...CREATED, 'BITS-Host-Id': 'node7', 'BITS-Host-Id-Fallback-Timeout': '4294967295' };
    expect(readAck('Create-Session', response(200, headers))).toMatchObject({
      hostId: 'node7',
      hostFallbackSeconds: undefined,
    });
  });
});

const OPTIONS = { closeOnSessionNotFound: 'stop' } as const;
const NOT_FOUND = { ...ACK, 'BITS-Error-Code': '0x8020001F' };

/** What each packet makes of an answer: PING, CREATE, FRAGMENT, CLOSE, CANCEL. */
const TABLE: readonly (readonly [string, HttpResponse, readonly string[]])[] = [
  ['200', response(200, { ...CREATED, 'BITS-Received-Content-Range': '1' }), Array(5).fill('proceed')],
  ['unknown session', response(500, NOT_FOUND), ['recreate', 'recreate', 'recreate', 'stop', 'stop']],
  ['401', response(401), Array(5).fill('authenticate')],
  ['407', response(407), Array(5).fill('authenticate')],
  ['413', response(413), ['fail', 'fail', 'shrink', 'fail', 'stop']],
  [
    '416',
    response(416, { ...ACK, 'BITS-Received-Content-Range': '1' }),
    ['fail', 'fail', 'jump', 'fail', 'stop'],
  ],
  ['400', response(400), ['fail', 'fail', 'fail', 'fail', 'stop']],
  ['403', response(403), ['fail', 'fail', 'fail', 'fail', 'stop']],
  ['404', response(404), ['fail', 'fail', 'fail', 'fail', 'stop']],
  ['408', response(408), ['retry', 'retry', 'retry', 'fail', 'stop']],
  ['409', response(409), ['retry', 'retry', 'retry', 'fail', 'stop']],
  ['302', response(302), ['fail', 'fail', 'fail', 'fail', 'stop']],
  ['306', response(306), ['retry', 'retry', 'retry', 'fail', 'stop']],
  ['500', response(500), Array(5).fill('retry')],
  ['500, disk full', response(500, { ...ACK, 'BITS-Error': '0x80070070' }), Array(5).fill('retry')],
  [
    '500, too large',
    response(500, { ...ACK, 'BITS-Error': '0x80200020' }),
    ['fail', 'fail', 'fail', 'fail', 'stop'],
  ],
  [
    '500, invalid',
    response(500, { ...ACK, 'BITS-Error': '0x80070057' }),
    ['fail', 'fail', 'fail', 'fail', 'stop'],
  ],
  ['501', response(501), ['fail', 'fail', 'fail', 'fail', 'stop']],
  ['503', response(503), Array(5).fill('retry')],
  ['505', response(505), ['fail', 'fail', 'fail', 'fail', 'stop']],
  ['HTTP/1.0', response(200, ACK, '1.0'), Array(5).fill('fail')],
  ['a 200 that is no Ack', response(200), Array(5).fill('retry')],
];

const TYPES = ['Ping', 'Create-Session', 'Fragment', 'Close-Session', 'Cancel-Session'] as const;

describe('react', () => {
  test.each(TABLE)('%s', (_, answer, expected) => {
    const reactions = TYPES.map(
      (type) => react(type, { kind: 'answer', answer: readAck(type, answer) }, OPTIONS).kind,
    );
    expect(reactions).toEqual(expected);
  });

  test('no answer is transient for every packet', () => {
    const error = new TransportError('BROKEN', 'reset');
    for (const type of TYPES) expect(react(type, { kind: 'no-answer', error }, OPTIONS).kind).toBe('retry');
  });

  test('CLOSE of an unknown session can also mean the whole upload again', () => {
    const answer = readAck('Close-Session', response(500, NOT_FOUND));
    const options = { closeOnSessionNotFound: 'recreate' } as const;
    expect(react('Close-Session', { kind: 'answer', answer }, options).kind).toBe('recreate');
  });

  test('a job error is the HRESULT of the Ack, else that of the status', () => {
    const fail = (answer: HttpResponse) =>
      react('Ping', { kind: 'answer', answer: readAck('Ping', answer) }, OPTIONS);
    expect(fail(response(403, { 'BITS-Error': '0x80070005', 'BITS-Error-Context': '0x7' }))).toMatchObject({
      error: { code: 'E_ACCESSDENIED', context: 'remote-application', status: 403 },
    });
    expect(fail(response(404))).toMatchObject({
      error: { code: 'BG_E_HTTP_ERROR_404', hresult: 0x80190194, context: 'remote-file' },
    });
  });
});
