import { describe, expect, it } from 'vitest';
import {
  type PacketType,
  parsePacketHead,
  parsePacketType,
  parseSessionId,
  readFragmentHead,
} from '../../lib/protocol/packet.ts';
import { codeThrownBy, headersOf } from './request-of.ts';

const types: readonly PacketType[] = [
  'Ping',
  'Create-Session',
  'Fragment',
  'Close-Session',
  'Cancel-Session',
];

describe('parsePacketType', () => {
  it.each(types)('%s in any letter case', (type) => {
    for (const text of [type, type.toUpperCase(), type.toLowerCase()])
      expect(parsePacketType(text)).toBe(type);
  });

  it.each([
    ['FRAgmENT', 'Fragment'],
    ['cReAtE-sEsSiOn', 'Create-Session'],
  ])('%s', (text, type) => {
    expect(parsePacketType(text)).toBe(type);
  });

  it.each([
    '',
    'Ack',
    'Resume-Session',
    'CreateSession',
    'Create Session',
    'Create_Session',
    'Fragment ',
    'Fragments',
    'Frag',
    'Ping,Ping',
    'toString',
    'P\u0131ng',
    'Clo\u017fe-Session',
  ])('knows no %j', (text) => {
    expect(parsePacketType(text)).toBeUndefined();
  });
});

const head = (fields: Record<string, string | undefined>, expected: PacketType | undefined) =>
  parsePacketHead(headersOf(fields), expected);

describe('C5: the packet type', () => {
  it.each(types)('a %s packet passes at its function', (type) => {
    expect(head({ 'BITS-Packet-Type': type.toUpperCase(), 'Content-Length': '0' }, type)).toEqual({
      type,
      contentLength: 0n,
    });
  });

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is unknown', 'Resume-Session'],
    ['is the answer’s', 'Ack'],
  ])('400 when it %s', (_, text) => {
    for (const expected of [...types, undefined]) {
      const run = () => head({ 'BITS-Packet-Type': text, 'Content-Length': '0' }, expected);
      expect(codeThrownBy(run)).toBe('INVALID_REQUEST');
    }
  });

  it.each(types)("400 when a %s packet comes to another's function", (type) => {
    for (const expected of [...types.filter((other) => other !== type), undefined]) {
      const run = () => head({ 'BITS-Packet-Type': type, 'Content-Length': '0' }, expected);
      expect(codeThrownBy(run)).toBe('INVALID_REQUEST');
    }
  });
});

describe('C6: Content-Length', () => {
  it.each(types)('400 in place of 411 when a %s packet has none', (type) => {
    expect(codeThrownBy(() => head({ 'BITS-Packet-Type': type }, type))).toBe('INVALID_REQUEST');
  });

  it.each(['', 'abc', '-1', '+5', '1.5', '0x5', '1e3', '5 5', '1'.repeat(21)])('400 for %j', (text) => {
    const run = () => head({ 'BITS-Packet-Type': 'Fragment', 'Content-Length': text }, 'Fragment');
    expect(codeThrownBy(run)).toBe('INVALID_REQUEST');
  });

  it.each(['0', '5120', '00013', '18446744073709551616'])(
    'a fragment of %s bytes is judged later',
    (text) => {
      expect(head({ 'BITS-Packet-Type': 'Fragment', 'Content-Length': text }, 'Fragment')).toEqual({
        type: 'Fragment',
        contentLength: BigInt(text),
      });
    },
  );
});

describe('C7: only a fragment has a body', () => {
  it.each(types.filter((type) => type !== 'Fragment'))('400 for a %s packet with one byte', (type) => {
    const run = () => head({ 'BITS-Packet-Type': type, 'Content-Length': '1' }, type);
    expect(codeThrownBy(run)).toBe('INVALID_REQUEST');
    expect(head({ 'BITS-Packet-Type': type, 'Content-Length': '000' }, type).contentLength).toBe(0n);
  });
});

describe('C9: the session id', () => {
  const canonical = '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012';
  it.each([`{${canonical}}`, canonical, canonical.toLowerCase(), `{${canonical.toLowerCase()}}`])(
    '%s names the session',
    (text) => {
      expect(parseSessionId(headersOf({ 'BITS-Session-Id': text }))).toBe(canonical);
    },
  );

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is white space', ' \t'],
  ])('400 when it %s', (_, text) => {
    expect(codeThrownBy(() => parseSessionId(headersOf({ 'BITS-Session-Id': text })))).toBe(
      'INVALID_REQUEST',
    );
  });

  it.each([
    'x',
    `{${canonical}`,
    `${canonical}}`,
    canonical.slice(1),
    'i'.repeat(4096),
    '*',
    '../..',
    'null',
  ])('an odd one is no error, only unknown: %.40s', (text) => {
    expect(parseSessionId(headersOf({ 'BITS-Session-Id': text }))).toBeUndefined();
  });
});

describe('readFragmentHead', () => {
  const read = (fields: Record<string, string | undefined>, contentLength: bigint) =>
    readFragmentHead(headersOf(fields), contentLength);

  it('reads a range, and no encoding where none was sent', () => {
    expect(read({ 'Content-Range': 'bytes 0-12/26' }, 13n)).toEqual({
      contentLength: 13n,
      range: { first: 0n, last: 12n, total: 26n },
      contentEncoding: undefined,
    });
  });

  it('judges nothing: a length that is another, an encoding that is not ours', () => {
    expect(read({ 'Content-Range': 'bytes 0-12/26', 'Content-Encoding': 'gzip' }, 14n)).toEqual({
      contentLength: 14n,
      range: { first: 0n, last: 12n, total: 26n },
      contentEncoding: 'gzip',
    });
  });

  it.each([undefined, '', 'bytes */26', 'bytes 26-13/26', 'bytes 0-26/26'])(
    'an invalid range: %j',
    (text) => {
      expect(read({ 'Content-Range': text }, 13n).range).toBe('invalid');
    },
  );

  it.each(['bytes 0-0/0', 'bytes */0', 'bytes 0--1/0', 'bytes 0-12/0', '*/0'])(
    'Z1: an empty body with %j is an empty entity, and with a body it is an invalid range',
    (text) => {
      expect(read({ 'Content-Range': text }, 0n).range).toBe('empty');
      expect(read({ 'Content-Range': text }, 1n).range).toBe('invalid');
    },
  );

  it('an empty body with an ordinary range is no empty entity', () => {
    expect(read({ 'Content-Range': 'bytes 0-0/10' }, 0n).range).toEqual({ first: 0n, last: 0n, total: 10n });
    expect(read({}, 0n).range).toBe('invalid');
  });
});
