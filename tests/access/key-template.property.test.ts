import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandKey, maxKeyBytes } from '../../lib/access/key-template.ts';
import { parseRequestUrl } from '../../lib/access/url.ts';

const hostilePieces = [
  ...[
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '%2E%2e',
    '%2f',
    '%2F..%2F',
    '%5c',
    '\\',
    '..\\',
    '%252e%252e',
    '%252f',
    '....//',
  ],
  ...[
    '%00',
    '\0',
    '%0d%0a',
    '%7f',
    '%c0%af',
    '%c2%85',
    '%ed%a0%80',
    '%',
    '%u002e',
    '\ud800',
    '\u202e',
    '\ufeff',
  ],
  ...[
    'uploads',
    'a',
    'b',
    'A',
    'é',
    'e\u0301',
    '%C3%A9',
    '💾',
    '~',
    ' ',
    '+',
    ':',
    ';',
    'CON',
    'x.tar.gz',
    '.env',
  ],
  ...['{path}', '{principal}', '{sessionId}', '$&', '$1', '__proto__', '?', '?..', '#', '*', 'x'.repeat(300)],
];

const hostileTarget = fc
  .array(
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...hostilePieces) }, fc.string({ unit: 'grapheme' })),
    {
      maxLength: 9,
    },
  )
  .map((pieces) => `/uploads/${pieces.join('')}`);

const hostilePrincipal = fc.oneof(
  fc.constantFrom('.', '..', '../..', '/', 'a/b', 'CORP\\x', '\0', '%2e%2e', '{path}', '\ud800', '', 'alice'),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
);

/** With the text before the first placeholder, and the number of levels where `{path}` adds none of its own. */
const templates: readonly { template: string; head: string; levels?: number }[] = [
  { template: '{path}', head: '' },
  { template: 'inbox/{path}', head: 'inbox/' },
  { template: 'in-{path}', head: 'in-' },
  { template: 'a/b/{principal}/{path}', head: 'a/b/' },
  { template: '{extension}{path}', head: '' },
  { template: 'x/{extension}/{path}', head: 'x/' },
  { template: 'y/{path}.{extension}', head: 'y/' },
  { template: 'by-name/{filename}', head: 'by-name/', levels: 2 },
  { template: 'who/{principal}/{filename}', head: 'who/', levels: 3 },
  { template: '.{principal}/.{filename}', head: '.', levels: 2 },
  { template: '{yyyy}/{mm}/{dd}/{hh}/{sessionId}', head: '', levels: 5 },
];

const common = { sessionId: '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012', createdAtEpochMs: Date.UTC(2026, 5, 1) };

/** What follows the prefix, for a URL that was not refused. */
const relativePath = (target: string): string | undefined => {
  const url = parseRequestUrl({ scheme: 'https', host: 'h', target });
  return url.ok && url.path.startsWith('/uploads/') ? url.path.slice('/uploads/'.length) : undefined;
};

describe('ten thousand hostile URLs', () => {
  it('give no key outside the literal head of its template, and none that S3 or a path would trip over', () => {
    const pathOf = new Map<string, string>();
    let keys = 0;
    fc.assert(
      fc.property(hostileTarget, hostilePrincipal, (target, principal) => {
        const path = relativePath(target);
        if (path === undefined) return;
        for (const { template, head, levels } of templates) {
          const expanded = expandKey(template, { ...common, path, principal });
          if (!expanded.ok) continue;
          keys++;
          const { key } = expanded;
          const segments = key.split('/');
          expect(key.startsWith(head)).toBe(true);
          expect(segments.some((segment) => ['', '.', '..'].includes(segment))).toBe(false);
          expect(/[\p{Cc}\p{Cs}\\]/u.test(key)).toBe(false);
          expect(Buffer.byteLength(key)).toBeLessThanOrEqual(maxKeyBytes);
          expect(Buffer.from(key, 'utf8').toString('utf8')).toBe(key);
          if (levels !== undefined) expect(segments).toHaveLength(levels);
          if (template.endsWith('{path}')) expect(key.endsWith(path)).toBe(true);
          // One caller, one moment: only the path can have made the difference.
          if (template.includes('{path}')) {
            const origin = `${template}\n${principal}\n${key}`;
            expect(pathOf.get(origin) ?? path).toBe(path);
            pathOf.set(origin, path);
          }
        }
      }),
      { numRuns: 10_000 },
    );
    expect(keys).toBeGreaterThan(5000);
  });

  it('with the principals of others give no key of mine', () => {
    const two = fc.uniqueArray(hostilePrincipal, { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(two, fc.constantFrom('a', 'b/c', '%2e%2e/x'), ([mine = '', theirs = ''], path) => {
        const [a, b] = [mine, theirs].map((principal) =>
          expandKey('{principal}/{path}', { ...common, path, principal }),
        );
        if (a?.ok && b?.ok) expect(a.key.split('/')[0]).not.toBe(b.key.split('/')[0]);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('a template with the whole {path}', () => {
  it('gives every path below four levels of a small alphabet a key of its own, whatever else it holds', () => {
    const names = ['a', 'aa', 'a.a', 'aa.a', 'a.aa', '.a', 'a.', '.a.a', 'b', 'a.b'];
    const paths = names.flatMap((x) => [
      x,
      ...names.flatMap((y) => [`${x}/${y}`, ...names.map((z) => `${x}/${y}/${z}`)]),
    ]);
    const piece = fc.constantFrom('{filename}', '{extension}', '{path}', 'a', '.', '.a', 'a/', '-');
    const side = fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(side, side, (before, after) => {
        const keys = paths.flatMap((path) => {
          const expanded = expandKey(`${before}{path}${after}`, { ...common, path, principal: 'p' });
          return expanded.ok ? [expanded.key] : [];
        });
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 150 },
    );
  });
});
