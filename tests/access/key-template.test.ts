import { describe, expect, it } from 'vitest';
import { keyTemplateFaults } from '../../infra/config/key-template-rules.ts';
import { expandKey, type KeyRefusal, type KeyValues } from '../../lib/access/key-template.ts';

const values = (changes: Partial<KeyValues> = {}): KeyValues => ({
  path: 'reports/2026/q3.tar.gz',
  principal: 'alice',
  sessionId: '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012',
  createdAtEpochMs: Date.UTC(2026, 0, 5, 9, 59, 59, 999),
  ...changes,
});

describe('a key', () => {
  it.each([
    ['{path}', 'reports/2026/q3.tar.gz'],
    ['inbox/{path}', 'inbox/reports/2026/q3.tar.gz'],
    ['{filename}', 'q3.tar.gz'],
    ['{extension}/{path}', 'gz/reports/2026/q3.tar.gz'],
    ['{principal}/{path}', 'alice/reports/2026/q3.tar.gz'],
    ['{yyyy}/{mm}/{dd}/{hh}/{filename}', '2026/01/05/09/q3.tar.gz'],
    ['{sessionId}.{extension}', '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012.gz'],
    ['{path}/{sessionId}', 'reports/2026/q3.tar.gz/0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012'],
    ['{path}{path}', 'reports/2026/q3.tar.gzreports/2026/q3.tar.gz'],
  ])('from %s is %s', (template, key) => {
    expect(expandKey(template, values())).toEqual({ ok: true, key });
  });

  it.each([
    ['README', ''],
    ['.profile', ''],
    ['a.', ''],
    ['a.b/c', ''],
    ['a.TXT', 'TXT'],
    ['..x', 'x'],
    ['a.b c', 'b c'],
  ])('the extension of %s is %j', (path, extension) => {
    expect(expandKey('e-{extension}/{path}', values({ path }))).toEqual({
      ok: true,
      key: `e-${extension}/${path}`,
    });
  });

  it.each([
    ['alice@example.com', 'alice@example.com'],
    ['CORP\\alice', 'CORP%5Calice'],
    ['../../etc', '%2E%2E%2F..%2Fetc'],
    ['..', '%2E%2E'],
    ['.', '%2E'],
    ['%2E', '%252E'],
    ['a/b', 'a%2Fb'],
    ['a\0\r\nb', 'a%00%0D%0Ab'],
    ['{path}', '%7Bpath%7D'],
    ['$&', '%24%26'],
    ['Zoë', 'Zo%C3%AB'],
  ])('the principal %j is one segment: %s', (principal, segment) => {
    expect(expandKey('p/{principal}/{path}', values({ principal, path: 'x' }))).toEqual({
      ok: true,
      key: `p/${segment}/x`,
    });
  });

  it.each(['{filename}', '{principal}', '$&', "$'", '$1', '{path}{path}'])(
    'takes %j in a path as text',
    (path) => {
      expect(expandKey('{principal}/{path}', values({ path }))).toEqual({ ok: true, key: `alice/${path}` });
    },
  );

  it('has at most 1,024 bytes of UTF-8', () => {
    const path = (bytes: number): string => `${'é'.repeat((bytes - 2) / 2)}-x`;
    expect(expandKey('{path}', values({ path: path(1024) }))).toEqual({ ok: true, key: path(1024) });
    expect(expandKey('{path}', values({ path: `${path(1024)}y` }))).toEqual({
      ok: false,
      reason: 'too-long',
    });
    expect(expandKey('p/{path}', values({ path: path(1024) }))).toEqual({ ok: false, reason: 'too-long' });
  });
});

describe('no key', () => {
  const refused: readonly (readonly [string, Partial<KeyValues>, KeyRefusal])[] = [
    ['{path}', { path: '' }, 'empty-segment'],
    ['{path}', { path: 'a/' }, 'empty-segment'],
    ['{path}', { path: '/a' }, 'empty-segment'],
    ['{path}', { path: 'a//b' }, 'empty-segment'],
    ['{path}', { path: '..' }, 'dot-segment'],
    ['{path}', { path: 'a/../b' }, 'dot-segment'],
    ['{filename}', { path: 'a/../b' }, 'dot-segment'],
    ['{path}', { path: './b' }, 'dot-segment'],
    ['{path}', { path: 'a\\b' }, 'backslash'],
    ['{path}', { path: 'a\u0085b' }, 'control-character'],
    ['{path}', { path: 'a\ufffeb' }, 'control-character'],
    ['{path}', { path: 'a\ud800' }, 'lone-surrogate'],
    ['{principal}/{path}', { principal: '\udfff' }, 'lone-surrogate'],
    ['{principal}/{path}', { principal: '' }, 'empty-value'],
    ['x{principal}/{path}', { principal: '' }, 'empty-value'],
    ['{path}{sessionId}', { sessionId: '' }, 'empty-value'],
    ['{extension}/{path}', { path: 'README' }, 'empty-segment'],
    ['.{extension}/{path}', { path: 'README' }, 'dot-segment'],
    ['..{extension}', { path: 'README' }, 'dot-segment'],
    ['/{path}', {}, 'empty-segment'],
    ['{path}/', {}, 'empty-segment'],
    ['a/../{path}', {}, 'dot-segment'],
    ['', {}, 'empty-segment'],
    ['{paths}', {}, 'template'],
    ['{constructor}', {}, 'template'],
    ['{path', {}, 'template'],
    ['path}', {}, 'template'],
    ['{{path}}', {}, 'template'],
    ['{}', {}, 'template'],
  ];
  it.each(refused)('from %j with %j: %s', (template, changes, reason) => {
    expect(expandKey(template, values(changes))).toEqual({ ok: false, reason });
  });
});

describe('one principal that named the key of another', () => {
  it.each([
    ['in/{principal}-{path}', ['kiosk', '17-report.txt'], ['kiosk-17', 'report.txt']],
    ['{principal}{path}', ['a', 'b.txt'], ['ab', '.txt']],
    ['{filename}.{principal}', ['b.c', 'a'], ['c', 'a.b']],
  ] as const)('with %s, which is refused now', (template, [one, path], [other, otherPath]) => {
    expect(keyTemplateFaults(template)).toEqual([
      expect.stringMatching(/^has \{principal\} and \{\w+\} in one segment, .* as in \{principal\}\/\{/),
    ]);
    const key = expandKey(template, values({ principal: one, path }));
    expect(expandKey(template, values({ principal: other, path: otherPath }))).toEqual(key);
  });

  it('nor one that looks like it, with {extension}', () => {
    expect(keyTemplateFaults('{principal}-{extension}/{sessionId}')).toHaveLength(1);
  });

  it.each([
    '{principal}/{path}',
    'in/{principal}/{filename}.{extension}',
    '{path}/{principal}',
    '{yyyy}-{principal}/{path}',
    '{principal}-{sessionId}',
  ])('not with %s', (template) => {
    expect(keyTemplateFaults(template)).toEqual([]);
  });
});
