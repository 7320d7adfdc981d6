import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatGuid, parseGuid } from '../../lib/protocol/guid.ts';

const canonical = '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012';

describe('parseGuid', () => {
  it.each([
    ['braces, upper case', `{${canonical}}`],
    ['braces, lower case', `{${canonical.toLowerCase()}}`],
    ['no braces, upper case', canonical],
    ['no braces, lower case', canonical.toLowerCase()],
    ['mixed case', '0b5E2c1A-7d34-4F6e-9a21-3C8d5E7f9012'],
  ])('%s', (_, text) => {
    expect(parseGuid(text)).toBe(canonical);
  });

  it.each([
    ['nothing', ''],
    ['braces around nothing', '{}'],
    ['only the left brace', `{${canonical}`],
    ['only the right brace', `${canonical}}`],
    ['two pairs of braces', `{{${canonical}}}`],
    ['braces the wrong way', `}${canonical}{`],
    ['parentheses', `(${canonical})`],
    ['no hyphens', canonical.replaceAll('-', '')],
    ['hyphens elsewhere', '0B5E2C1A7-D34-4F6E-9A21-3C8D5E7F9012'],
    ['a digit too few', canonical.slice(0, -1)],
    ['a digit too many', `${canonical}0`],
    ['a letter beyond F', canonical.replace('A', 'G')],
    ['a space before', ` ${canonical}`],
    ['a space behind', `${canonical} `],
    ['a line feed behind', `${canonical}\n`],
    ['two of them', `${canonical},${canonical}`],
    ['the form of a URN', `urn:uuid:${canonical}`],
  ])('%s is none', (_, text) => {
    expect(parseGuid(text)).toBeUndefined();
  });

  it('reads back every GUID that is written, in any letter case', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.boolean(), (uuid, isLower) => {
        const text = formatGuid(uuid);
        expect(text).toMatch(/^\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$/);
        expect(parseGuid(isLower ? text.toLowerCase() : text)).toBe(uuid.toUpperCase());
      }),
    );
  });
});
