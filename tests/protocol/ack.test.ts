import { describe, expect, it } from 'vitest';
import { createdAck, errorAck, fragmentAck, successAck } from '../../lib/protocol/ack.ts';
import { type ErrorCode, errorTable, ProtocolError } from '../../lib/protocol/errors.ts';
import { RequestHeaders } from '../../lib/protocol/request.ts';
import { headersOf } from './request-of.ts';

const id = '{0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012}';
const allCodes = Object.keys(errorTable).flatMap((key) => (isCode(key) ? [key] : []));

function isCode(key: string): key is ErrorCode {
  return key in errorTable;
}

const errorOf = (code: ErrorCode, headers?: Record<string, string>) =>
  new ProtocolError(code, 'for the log', headers === undefined ? {} : { headers });

describe('Acks of success', () => {
  it.each(['Ping', 'Close-Session', 'Cancel-Session'])(
    '%s: type, echoed id, no-cache, nothing else',
    (type) => {
      const ack = successAck(headersOf({ 'BITS-Packet-Type': type, 'BITS-Session-Id': id }));
      expect(ack).toEqual({
        status: 200,
        reason: 'OK',
        headers: { 'BITS-Packet-Type': 'Ack', 'BITS-Session-Id': id, Pragma: 'no-cache' },
      });
    },
  );

  it('Ping without a session id has none in its Ack', () => {
    expect(successAck(headersOf({ 'BITS-Packet-Type': 'Ping' })).headers).toEqual({
      'BITS-Packet-Type': 'Ack',
      Pragma: 'no-cache',
    });
  });

  it('Create-Session: protocol in lower case, the id upper case in braces, identity, no host id', () => {
    expect(createdAck('0b5e2c1a-7d34-4f6e-9a21-3c8d5e7f9012')).toEqual({
      status: 200,
      reason: 'OK',
      headers: {
        'BITS-Packet-Type': 'Ack',
        'BITS-Protocol': '{7df0354d-249b-430f-820d-3d2a9bef4931}',
        'BITS-Session-Id': id,
        'Accept-Encoding': 'identity',
        Pragma: 'no-cache',
      },
    });
  });

  it.each([
    [0, '0'],
    [13, '13'],
    [1_000_000, '1000000'],
    [53_687_091_200_000, '53687091200000'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ])('Fragment: the next offset %d is one plain decimal number', (nextOffset, text) => {
    const ack = fragmentAck(headersOf({ 'BITS-Packet-Type': 'Fragment', 'BITS-Session-Id': id }), nextOffset);
    expect(ack).toEqual({
      status: 200,
      reason: 'OK',
      headers: {
        'BITS-Packet-Type': 'Ack',
        'BITS-Session-Id': id,
        'BITS-Received-Content-Range': text,
        Pragma: 'no-cache',
      },
    });
  });
});

describe('Acks of failure', () => {
  const request = headersOf({ 'BITS-Packet-Type': 'Fragment', 'BITS-Session-Id': id });

  it('carries everything that an error of a known session has, and nothing more', () => {
    expect(errorAck(request, errorOf('INVALID_REQUEST'), 13)).toEqual({
      status: 400,
      reason: 'Bad Request',
      headers: {
        'BITS-Packet-Type': 'Ack',
        'BITS-Session-Id': id,
        'BITS-Received-Content-Range': '13',
        'BITS-Error': '0x80070057',
        'BITS-Error-Code': '0x80070057',
        'BITS-Error-Context': '0x5',
        Pragma: 'no-cache',
      },
    });
  });

  it.each(allCodes)('%s carries the offset whatever its status, when one is known', (code) => {
    expect(errorAck(request, errorOf(code), 0).headers['BITS-Received-Content-Range']).toBe('0');
    expect(errorAck(request, errorOf(code)).headers).not.toHaveProperty('BITS-Received-Content-Range');
  });

  it.each(allCodes)('%s has a context exactly when it has a code, and the code under both names', (code) => {
    const { headers } = errorAck(request, errorOf(code));
    expect(headers['BITS-Error']).toBe(headers['BITS-Error-Code']);
    expect('BITS-Error-Context' in headers).toBe('BITS-Error' in headers);
  });

  it.each(allCodes)('%s has none of the headers that belong to success', (code) => {
    const { headers } = errorAck(request, errorOf(code), 13);
    for (const name of ['BITS-Protocol', 'Accept-Encoding', 'BITS-Host-Id', 'BITS-Reply-URL']) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it.each(allCodes)('%s keeps its message to itself', (code) => {
    expect(JSON.stringify(errorAck(request, errorOf(code)))).not.toContain('for the log');
  });

  it('adds the headers of this very answer', () => {
    const { headers } = errorAck(
      headersOf({ 'BITS-Packet-Type': 'Ping' }),
      errorOf('UNAUTHORIZED', { 'WWW-Authenticate': 'Basic realm="uploads"' }),
    );
    expect(headers).toEqual({
      'BITS-Packet-Type': 'Ack',
      'WWW-Authenticate': 'Basic realm="uploads"',
      Pragma: 'no-cache',
    });
  });
});

describe('echo of the session id', () => {
  const echoOf = (sent: string) =>
    successAck(headersOf({ 'BITS-Packet-Type': 'Ping', 'BITS-Session-Id': sent })).headers['BITS-Session-Id'];

  it.each([
    ['in registry form', id],
    ['without braces', '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012'],
    ['in lower case', id.toLowerCase()],
    ['that is no GUID', 'any-HTTP-legal:string;1'],
    ['of one character', '!'],
    ['of the last visible character', '~'],
    ['of 100 characters', 'x'.repeat(100)],
  ])('an id %s comes back as it was written', (_, sent) => {
    expect(echoOf(sent)).toBe(sent);
  });

  it('white space around the value is not part of it', () => {
    expect(echoOf(` \t${id}\t `)).toBe(id);
  });

  it.each([
    ['101 characters', 'x'.repeat(101)],
    ['no characters', ''],
    ['a space inside', '{0B5E2C1A 7D34}'],
    ['a tab inside', 'a\tb'],
    ['a line end', 'a\r\nSet-Cookie: b'],
    ['a trailing line feed', 'a\n'],
    ['a control character', 'a\u0000'],
    ['DEL', 'a\u007f'],
    ['a character beyond ASCII', 'é'],
  ])('an id with %s is left out', (_, sent) => {
    expect(echoOf(sent)).toBeUndefined();
  });

  it.each(['Create-Session', 'CREATE-SESSION', 'create-session'])('an error to %s never has one', (type) => {
    const request = headersOf({ 'BITS-Packet-Type': type, 'BITS-Session-Id': id });
    expect(errorAck(request, errorOf('INVALID_REQUEST')).headers).not.toHaveProperty('BITS-Session-Id');
  });

  it.each(['Resume-Session', 'Fragment', 'Ping', undefined])('an error to %s has it', (type) => {
    const request = headersOf({ 'BITS-Packet-Type': type, 'BITS-Session-Id': id });
    expect(errorAck(request, errorOf('INVALID_REQUEST')).headers['BITS-Session-Id']).toBe(id);
  });

  it('the name of the header may be in any letter case', () => {
    const request = new RequestHeaders([['bits-session-id', id]]);
    expect(successAck(request).headers['BITS-Session-Id']).toBe(id);
  });
});
