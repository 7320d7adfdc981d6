import { describe, expect, it } from 'vitest';
import { type AllowRule, isAllowed } from '../../lib/access/allow.ts';

const rule = (fields: Partial<AllowRule>): readonly AllowRule[] => [
  { principals: ['*'], access: null, paths: ['**'], ...fields },
];
const as = (principal: string, kind: 'basic' | 'ticket' = 'basic') => ({ kind, principal });

describe('isAllowed', () => {
  it.each([
    ['a.txt', 'a.txt', true],
    ['a.txt', 'A.txt', false],
    ['a.txt', 'b/a.txt', false],
    ['*', 'a', true],
    ['*', 'a/b', false],
    ['*.zip', 'a.zip', true],
    ['*.zip', 'a.zip/b', false],
    ['*.zip', 'a/b.zip', false],
    ['**', 'a', true],
    ['**', 'a/b/c', true],
    ['in/**', 'in/a', true],
    ['in/**', 'in/a/b', true],
    ['in/**', 'in', false],
    ['in/**', 'inn/a', false],
    ['**/*.zip', 'a.zip', true],
    ['**/*.zip', 'a/b/c.zip', true],
    ['**/*.zip', 'a/b/c.zip/d', false],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['a/**/z', 'a/b/c/zz', false],
    ['a*c*e', 'abcde', true],
    ['a*c*e', 'abcd', false],
    ['.+', 'xx', false],
    ['{principal}/**', 'alice/a', true],
    ['{principal}/**', 'bob/a', false],
    ['{principal}/**', 'alice', false],
    ['x/{principal}-*.log', 'x/alice-1.log', true],
    ['x/{principal}-*.log', 'x/alicea-1.log', false],
  ])('paths: %s, alice writes %s: %s', (pattern, path, allowed) => {
    expect(isAllowed(rule({ paths: [pattern] }), as('alice'), path)).toBe(allowed);
  });

  it.each([
    ['alice', 'alice', true],
    ['alice', 'Alice', false],
    ['alice', 'alic', false],
    ['kiosk-*', 'kiosk-17', true],
    ['kiosk-*', 'a-kiosk-17', false],
    ['*', 'anybody', true],
    ['*,O=Contoso', 'CN=a,O=Contoso', true],
  ])('principals: %s, %s: %s', (pattern, principal, allowed) => {
    expect(isAllowed(rule({ principals: [pattern] }), as(principal), 'a')).toBe(allowed);
  });

  it.each(['*', '**', 'a/b', '..', '*/x'])(
    'a principal named %s is only that name in a path',
    (principal) => {
      const rules = rule({ paths: ['{principal}/**'] });
      for (const path of ['bob/x', 'a/x', 'a/b/x', 'x/x'])
        expect(isAllowed(rules, as(principal), path)).toBe(false);
    },
  );

  it('asks for one rule that fits in all three', () => {
    const rules = [
      ...rule({ principals: ['alice'], paths: ['a/**'] }),
      ...rule({ principals: ['bob'], paths: ['b/**'] }),
      ...rule({ access: ['ticket'], paths: ['t/**'] }),
    ];
    expect(isAllowed(rules, as('alice'), 'a/x')).toBe(true);
    expect(isAllowed(rules, as('alice'), 'b/x')).toBe(false);
    expect(isAllowed(rules, as('alice'), 't/x')).toBe(false);
    expect(isAllowed(rules, as('alice', 'ticket'), 't/x')).toBe(true);
    expect(isAllowed(null, as('carol'), 'anything')).toBe(true);
  });

  it('takes no time over hostile paths', () => {
    const rules = rule({ paths: ['**/*a*a*a*a*a*a*b/**/x'] });
    const startedAt = performance.now();
    expect(isAllowed(rules, as('alice'), `${'a'.repeat(8_000)}/${'a/'.repeat(4_000)}y`)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
