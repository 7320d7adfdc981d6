import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  announcesEmptyEntity,
  parseContentLength,
  parseContentRange,
  toSafeRange,
} from '../../lib/protocol/content-range.ts';

const max64 = 2n ** 64n - 1n;

describe('parseContentRange', () => {
  it.each([
    ['bytes 0-12/26', 0n, 12n, 26n],
    ['bytes 0-0/1', 0n, 0n, 1n],
    ['bytes 13-25/26', 13n, 25n, 26n],
    ['Bytes 0-12/26', 0n, 12n, 26n],
    ['BYTES 0-12/26', 0n, 12n, 26n],
    ['bYtEs 0-12/26', 0n, 12n, 26n],
    ['bytes   0-12/26', 0n, 12n, 26n],
    ['bytes 0 - 12 / 26', 0n, 12n, 26n],
    ['bytes 0\t-\t12\t/\t26', 0n, 12n, 26n],
    ['bytes 0 \t - \t 12 \t / \t 26', 0n, 12n, 26n],
    ['bytes 007-0012/00026', 7n, 12n, 26n],
    ['bytes 00000000000000000000-00000000000000000012/00000000000000000026', 0n, 12n, 26n],
    ['bytes 9007199254740992-9007199254740993/9007199254740994', 2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 2n],
    ['bytes 0-18446744073709551614/18446744073709551615', 0n, max64 - 1n, max64],
    ['bytes 0-0/99999999999999999999', 0n, 0n, 99_999_999_999_999_999_999n],
  ])('%s', (text, first, last, total) => {
    expect(parseContentRange(text)).toEqual({ first, last, total });
  });

  it.each([
    ['nothing', ''],
    ['no unit', '0-12/26'],
    ['no space behind the unit', 'bytes0-12/26'],
    ['a tab behind the unit', 'bytes\t0-12/26'],
    ['an equals sign', 'bytes=0-12/26'],
    ['another unit', 'octets 0-12/26'],
    ['no total', 'bytes 0-12'],
    ['an empty total', 'bytes 0-12/'],
    ['an unknown total', 'bytes 0-12/*'],
    ['an unknown range', 'bytes */26'],
    ['no first', 'bytes -12/26'],
    ['no last', 'bytes 0-/26'],
    ['a sign', 'bytes +0-12/26'],
    ['a negative number', 'bytes 0--1/26'],
    ['a fraction', 'bytes 0-12.0/26'],
    ['hexadecimal digits', 'bytes 0x0-0xc/0x1a'],
    ['an exponent', 'bytes 0-1e1/26'],
    ['digits that are not ASCII', 'bytes \u0660-\u0661/\u0662'],
    ['a space inside a number', 'bytes 0-1 2/26'],
    ['white space before', ' bytes 0-12/26'],
    ['white space behind', 'bytes 0-12/26 '],
    ['a line end behind', 'bytes 0-12/26\n'],
    ['two ranges', 'bytes 0-12/26, 13-25/26'],
    ['first above last', 'bytes 13-12/26'],
    ['last equal to the total', 'bytes 0-26/26'],
    ['last above the total', 'bytes 0-27/26'],
    ['a total of 0', 'bytes 0-0/0'],
    ['21 digits in first', `bytes ${'0'.repeat(21)}-12/26`],
    ['21 digits in last', `bytes 0-${'0'.repeat(19)}12/26`],
    ['21 digits in the total', `bytes 0-12/${'0'.repeat(19)}26`],
  ])('%s is none', (_, text) => {
    expect(parseContentRange(text)).toBeUndefined();
  });

  it('reads back every range that is written', () => {
    const offset = fc.bigInt({ min: 0n, max: 10n ** 20n - 1n });
    const space = fc.stringMatching(/^[ \t]{0,3}$/);
    const ordered = fc
      .tuple(offset, offset, offset)
      .map((three) => three.sort((a, b) => (a < b ? -1 : 1)))
      .filter(([, last, total]) => last !== total);
    fc.assert(
      fc.property(
        ordered,
        fc.array(space, { minLength: 4, maxLength: 4 }),
        ([first = 0n, last = 0n, total = 1n], [a, b, c, d]) => {
          const text = `bytes ${first}${a}-${b}${last}${c}/${d}${total}`;
          expect(parseContentRange(text)).toEqual({ first, last, total });
        },
      ),
    );
  });

  it('finds in any text either nothing or first ≤ last < total', () => {
    const noise = fc.stringMatching(/^[bytes0-9 \-/*\t]{0,40}$/);
    const near = fc
      .tuple(fc.nat(30), fc.nat(30), fc.nat(30))
      .map(([first, last, total]) => `bytes ${first}-${last}/${total}`);
    fc.assert(
      fc.property(fc.oneof(noise, near, fc.string()), (text) => {
        const range = parseContentRange(text);
        if (range !== undefined) {
          expect(range.first <= range.last && range.last < range.total).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('toSafeRange', () => {
  const safest = BigInt(Number.MAX_SAFE_INTEGER);

  it('makes the end exclusive', () => {
    expect(toSafeRange({ first: 13n, last: 25n, total: 26n })).toEqual({ first: 13, end: 26, total: 26 });
  });

  it('holds the largest exact total', () => {
    expect(toSafeRange({ first: safest - 1n, last: safest - 1n, total: safest })).toEqual({
      first: Number.MAX_SAFE_INTEGER - 1,
      end: Number.MAX_SAFE_INTEGER,
      total: Number.MAX_SAFE_INTEGER,
    });
  });

  it.each([safest + 1n, safest + 2n, 2n ** 63n, max64, max64 + 1n, 10n ** 20n - 1n])(
    'does not round a total of %d',
    (total) => {
      expect(toSafeRange({ first: 0n, last: 12n, total })).toBeUndefined();
    },
  );
});

describe('announcesEmptyEntity', () => {
  it.each([
    'bytes 0-0/0',
    'bytes */0',
    'bytes 0--1/0',
    'bytes -/0',
    'bytes /0',
    'bytes 1-0/0',
    'bytes 5-25/0',
    'BYTES */0',
    'bytes */ 0',
    'bytes */\t0',
    'bytes */00',
    `bytes */${'0'.repeat(20)}`,
    '*/0',
    '/0',
    'bytes\t0-0/0',
    'bytes=0-0/0',
    'bytes 0/0-0/0',
  ])('%s', (text) => {
    expect(announcesEmptyEntity(text)).toBe(true);
  });

  it.each([
    '',
    '0',
    'bytes 0-0',
    'bytes 0-0/',
    'bytes 0-0/1',
    'bytes 0-0/10',
    'bytes 0-0/01',
    'bytes 0-0/*',
    'bytes 0-0/0 ',
    'bytes 0-0/0x',
    'bytes 0-0/-0',
    'bytes 0-0/0\n',
    'bytes 0-0/0/1',
    'bytes 0-0/ ',
  ])('not %j', (text) => {
    expect(announcesEmptyEntity(text)).toBe(false);
  });
});

describe('parseContentLength', () => {
  it.each([
    ['0', 0n],
    ['13', 13n],
    ['0013', 13n],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['18446744073709551615', max64],
    ['99999999999999999999', 99_999_999_999_999_999_999n],
  ])('%s', (text, length) => {
    expect(parseContentLength(text)).toBe(length);
  });

  it.each([
    '',
    ' ',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x10',
    '1,000',
    '1 000',
    '13 ',
    ' 13',
    '13\n',
    '١',
    '9'.repeat(21),
  ])('not %j', (text) => {
    expect(parseContentLength(text)).toBeUndefined();
  });
});
