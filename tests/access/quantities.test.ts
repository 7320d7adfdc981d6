import { describe, expect, it } from 'vitest';
import { parseByteCount, parseSeconds } from '../../infra/config/quantities.ts';

describe('a number of bytes', () => {
  it.each([
    [0, 0],
    [1_000_000, 1_000_000],
    ['1000000', 1_000_000],
    ['5120B', 5120],
    ['1KB', 1000],
    ['1 KiB', 1024],
    ['2MB', 2_000_000],
    ['2MiB', 2_097_152],
    ['3GB', 3_000_000_000],
    ['80GiB', 85_899_345_920],
    ['1TB', 1_000_000_000_000],
    ['8191TiB', 8191 * 1024 ** 4],
  ])('%j is %i', (text, bytes) => {
    expect(parseByteCount(text)).toBe(bytes);
  });

  it.each([
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    1e21,
    '',
    'B',
    '1.5GiB',
    '-1GiB',
    '1 000',
    '1_000',
    '1  KB',
    ' 1KB',
    '1KB ',
    '1kb',
    '1Kib',
    '1K',
    '1G',
    '1toString',
    '1constructor',
    '9000TiB',
    '٣KB',
    true,
    null,
    undefined,
    ['1'],
    { valueOf: () => 1 },
  ])('%j is none', (value) => {
    expect(parseByteCount(value)).toBeUndefined();
  });
});

describe('a number of seconds', () => {
  it.each([
    [60, 60],
    ['90', 90],
    ['90s', 90],
    ['5m', 300],
    ['12 h', 43_200],
    ['14d', 1_209_600],
  ])('%j is %i', (text, seconds) => {
    expect(parseSeconds(text)).toBe(seconds);
  });

  it.each(['1w', '1D', '1min', '1h30m', '1.5h', 'P14D', '', -60, 0.5, null])('%j is none', (value) => {
    expect(parseSeconds(value)).toBeUndefined();
  });
});
