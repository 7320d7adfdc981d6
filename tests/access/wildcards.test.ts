import { describe, expect, it } from 'vitest';
import { matchesWildcard } from '../../lib/access/wildcards.ts';

describe('matchesWildcard', () => {
  const cases: readonly [string, string, boolean][] = [
    ['', '', true],
    ['*', '', true],
    ['*', 'anything', true],
    ['?', '', false],
    ['a*b*c', 'a--b--b--c', true],
    ['a*b*c', 'a--c', false],
    ['*.bin', 'x.bin.bin', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['a', 'A', false],
    ['[abc]', 'a', false],
  ];
  it.each(cases)('%j on %j is %j', (pattern, text, expected) => {
    expect(matchesWildcard(pattern, text)).toBe(expected);
  });

  it('a hostile value does not take exponential time', () => {
    expect(matchesWildcard('*a*a*a*a*b', 'a'.repeat(16_384))).toBe(false);
  });
});
