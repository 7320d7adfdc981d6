import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxMetadataBytes as ofDestination } from '../../infra/config/objects-schema.ts';
import { maxPrincipalBytes, principalFault } from '../../lib/access/principal.ts';
import { metadataHeaders, sessionIdOf } from '../../lib/upload/object-metadata.ts';

const sessionId = '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012';
/** S3 counts the names and values of user metadata, in UTF-8 [S3 User Guide, "User-defined object metadata"]. */
const maxMetadataBytes = 2048;

const encode = (originalName: string, principal = '') =>
  metadataHeaders({ sessionId, originalName, principal });

const decode = (value: string | undefined) => decodeURIComponent(value ?? '%');

/** As Unicode has it: half a surrogate pair cannot be written in UTF-8. */
const wellFormed = (text: string) => Buffer.from(text, 'utf8').toString('utf8');

const expectFits = (headers: Record<string, string>) => {
  const bytes = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  expect(bytes).toBeLessThanOrEqual(maxMetadataBytes);
  for (const value of Object.values(headers)) expect(value).toMatch(/^[\x21-\x7e]*$/);
};

describe('metadataHeaders', () => {
  it('names the session, the file and who sent it', () => {
    expect(encode('report.bin', 'alice')).toEqual({
      'bits-session-id': sessionId,
      'bits-original-name': 'report.bin',
      'bits-principal': 'alice',
    });
  });

  it.each([
    ['a space', 'annual report.pdf', 'annual%20report.pdf'],
    ['a percent sign', '100%.txt', '100%25.txt'],
    ['an escape', '%41.txt', '%2541.txt'],
    ['two bytes', 'é', '%C3%A9'],
    ['three bytes', '€', '%E2%82%AC'],
    ['four bytes', '💾', '%F0%9F%92%BE'],
    ['a line end', 'a\r\nb', 'a%0D%0Ab'],
    ['a quote', '"', '%22'],
    ['a plus sign', 'a+b', 'a%2Bb'],
    ['nothing', '', ''],
  ])('%s', (_, name, encoded) => {
    expect(encode(name)['bits-original-name']).toBe(encoded);
    expect(decode(encoded)).toBe(name);
  });

  it.each([
    ['a lone high surrogate', '\ud83d.txt'],
    ['a lone low surrogate', '\udcbe.txt'],
    ['surrogates the wrong way', '\udcbe\ud83d'],
  ])('%s becomes a replacement character', (_, name) => {
    const value = encode(name)['bits-original-name'];
    expect(decode(value)).toBe(wellFormed(name));
    expect(decode(value)).toContain('\ufffd');
  });

  it.each([
    ['260 letters', 'n'.repeat(260)],
    ['260 spaces', ' '.repeat(260)],
    ['260 characters of two bytes', 'é'.repeat(260)],
    ['260 characters of three bytes', '€'.repeat(260)],
    ['260 characters of four bytes', '💾'.repeat(260)],
    ['260 lone surrogates', '\ud83d'.repeat(260)],
    ['4,096 letters', 'n'.repeat(4096)],
  ])('%s fit, and decode to as much of it as fits', (_, name) => {
    const headers = encode(name, name);
    expectFits(headers);
    const kept = decode(headers['bits-original-name']);
    expect(kept.length).toBeGreaterThanOrEqual(49);
    expect(wellFormed(name).startsWith(kept)).toBe(true);
    const keptPrincipal = decode(headers['bits-principal']);
    expect(wellFormed(name).startsWith(keptPrincipal)).toBe(true);
    expect(keptPrincipal.startsWith(kept)).toBe(true);
  });

  it.each([
    ['あ'.repeat(70), '.pdf'],
    ['n'.repeat(700), '.tar'],
    ['x.'.repeat(400), '.💾💾'],
  ])('a long name lost its extension, and so a held file its content type', (stem, extension) => {
    const headers = encode(`${stem}${extension}`);
    expectFits(headers);
    const kept = decode(headers['bits-original-name']);
    expect(kept.endsWith(extension)).toBe(true);
    expect(stem.startsWith(kept.slice(0, -extension.length))).toBe(true);
    expect(kept.length).toBeGreaterThan(60);
  });

  it('two long principals of one beginning were one', () => {
    const longest = (last: string) => `${'あ'.repeat((maxPrincipalBytes - 1) / 3)}${last}`;
    const names = ['1', '2'].map(longest);
    expect(names.map(principalFault)).toEqual([undefined, undefined]);
    const kept = names.map((name) => decode(encode('ü'.repeat(300), name)['bits-principal']));
    expect(kept).toEqual(names);
  });

  it('leaves room for the metadata of a destination', () => {
    const longest = encode('ü'.repeat(300), 'ü'.repeat(maxPrincipalBytes / 2));
    expect(Object.entries(longest).flat().join('').length + ofDestination).toBeLessThanOrEqual(
      maxMetadataBytes,
    );
  });

  it.each(Array.from({ length: 13 }, (_, index) => index))(
    'cuts before a character of four bytes that begins %d characters before the limit',
    (before) => {
      const head = 'x'.repeat(600 - before);
      const kept = decode(encode(`${head}💾`)['bits-original-name']);
      expect(kept).toBe(before < 12 ? head : `${head}💾`);
    },
  );

  it('any name and principal fit and decode to their beginning', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.string({ unit: 'grapheme', maxLength: 400 }),
      // Code units of their own: lone surrogates among them.
      fc.array(fc.nat(0xffff), { maxLength: 400 }).map((units) => String.fromCharCode(...units)),
    );
    fc.assert(
      fc.property(anyText, anyText, (name, principal) => {
        const headers = encode(name, principal);
        expectFits(headers);
        expect(wellFormed(name).startsWith(decode(headers['bits-original-name']))).toBe(true);
        expect(wellFormed(principal).startsWith(decode(headers['bits-principal']))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('sessionIdOf', () => {
  it('reads back what was written', () => {
    expect(sessionIdOf(encode('report.bin'))).toBe(sessionId);
  });

  it.each([undefined, {}, { 'bits-principal': 'alice' }, { 'BITS-Session-Id': sessionId }])(
    'an object of somebody else: %j',
    (metadata) => {
      expect(sessionIdOf(metadata)).toBeUndefined();
    },
  );
});
