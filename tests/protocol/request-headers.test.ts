import { describe, expect, it } from 'vitest';
import { RequestHeaders } from '../../lib/protocol/request.ts';
import { codeThrownBy, headersOf } from './request-of.ts';

const wellFormed = (entries: Iterable<readonly [string, string]>) =>
  codeThrownBy(() => new RequestHeaders(entries).assertWellFormed());

describe('RequestHeaders', () => {
  it.each(['BITS-Packet-Type', 'bits-packet-type', 'BITS-PACKET-TYPE', 'Bits-packet-Type'])(
    'finds a header by name in any letter case: %s',
    (name) => {
      expect(headersOf({ [name]: 'Ping' }).get('BITS-Packet-Type')).toBe('Ping');
      expect(headersOf({ 'BITS-Packet-Type': 'Ping' }).get(name)).toBe('Ping');
    },
  );

  it.each([
    ['Ping', 'Ping'],
    [' Ping ', 'Ping'],
    ['\t Ping\t ', 'Ping'],
    ['Ping Pong', 'Ping Pong'],
    [' \t ', ''],
    ['', ''],
    ['\u00a0Ping\u00a0', '\u00a0Ping\u00a0'],
    ['\nPing\r', '\nPing\r'],
  ])('trims spaces and tabs, and nothing else: %j', (sent, value) => {
    expect(headersOf({ name: sent }).get('name')).toBe(value);
  });

  it('trims in a time that does not grow with the square of the spaces inside', () => {
    const value = `a${' '.repeat(2_000_000)}b`;
    expect(headersOf({ name: ` ${value} ` }).get('name')).toBe(value);
  });

  it('knows no header that was not sent', () => {
    expect(headersOf({ a: 'b' }).get('c')).toBeUndefined();
    expect(headersOf({}).get('constructor')).toBeUndefined();
  });
});

describe('length of header values (C4)', () => {
  const limit = 4096;
  it.each([
    'BITS-Packet-Type',
    'BITS-Session-Id',
    'BITS-Supported-Protocols',
    'bits-nobody-knows',
    'Content-Name',
    'Content-Range',
    'Content-Length',
    'content-encoding',
    'Content-Type',
  ])('%s: 4,096 bytes pass, 4,097 do not', (name) => {
    expect(wellFormed([[name, 'x'.repeat(limit)]])).toBeUndefined();
    expect(wellFormed([[name, 'x'.repeat(limit + 1)]])).toBe('INVALID_REQUEST');
  });

  it.each([
    ['two bytes', 'é', 2],
    ['three bytes', '€', 3],
    ['four bytes', '💾', 4],
  ])('counts bytes, not characters: characters of %s', (_, character, bytes) => {
    const fits = character.repeat(Math.floor(limit / bytes));
    const padding = 'x'.repeat(limit % bytes);
    expect(wellFormed([['Content-Name', fits + padding]])).toBeUndefined();
    expect(wellFormed([['Content-Name', `${fits}${padding}x`]])).toBe('INVALID_REQUEST');
    expect(wellFormed([['Content-Name', fits + character]])).toBe('INVALID_REQUEST');
  });

  it('counts without the white space around the value', () => {
    expect(wellFormed([['Content-Name', ` ${'x'.repeat(limit)}\t`]])).toBeUndefined();
  });

  it('looks at every value of a repeated header', () => {
    const long = 'x'.repeat(limit + 1);
    expect(
      wellFormed([
        ['Content-Name', long],
        ['Content-Name', 'x'],
      ]),
    ).toBe('INVALID_REQUEST');
  });

  it.each(['Authorization', 'Cookie', 'User-Agent', 'X-Caller', 'X-BITS-Caller', 'Contents', 'Bits'])(
    "leaves %s to the front end's limits",
    (name) => {
      expect(wellFormed([[name, 'x'.repeat(limit * 4)]])).toBeUndefined();
    },
  );
});

describe('repeated headers (C4)', () => {
  const covered = [
    'BITS-Packet-Type',
    'BITS-Session-Id',
    'BITS-Supported-Protocols',
    'BITS-Nobody-Knows',
    'Content-Range',
    'Content-Length',
    // Where one of two values is not identity, the body is not what it says it is.
    'Content-Encoding',
  ];

  it.each(covered)('%s: two equal values are one', (name) => {
    const headers = new RequestHeaders([
      [name, '13'],
      [name.toLowerCase(), ' 13 '],
    ]);
    expect(codeThrownBy(() => headers.assertWellFormed())).toBeUndefined();
    expect(headers.get(name)).toBe('13');
  });

  it.each(covered)('%s: two differing values are refused', (name) => {
    expect(
      wellFormed([
        [name, '13'],
        [name, '14'],
      ]),
    ).toBe('INVALID_REQUEST');
  });

  it('a third value that differs is refused as well', () => {
    expect(
      wellFormed([
        ['Content-Length', '13'],
        ['Content-Length', '13'],
        ['content-length', '14'],
      ]),
    ).toBe('INVALID_REQUEST');
  });

  it('values that differ in letter case differ', () => {
    expect(
      wellFormed([
        ['BITS-Packet-Type', 'Ping'],
        ['BITS-Packet-Type', 'PING'],
      ]),
    ).toBe('INVALID_REQUEST');
  });

  it.each(['Authorization', 'Cookie', 'X-Forwarded-For', 'User-Agent', 'Content-Name', 'Content-Type'])(
    '%s is ignored or belongs to others, however often it comes',
    (name) => {
      expect(
        wellFormed([
          [name, 'a'],
          [name, 'b'],
        ]),
      ).toBeUndefined();
    },
  );
});
