import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ParsedUrl, parseRequestUrl, type UrlRefusal } from '../../lib/access/url.ts';

const at = (target: string, host = 'upload.example.com', scheme = 'https'): ParsedUrl =>
  parseRequestUrl({ scheme, host, target });

const hashInputOf = (parsed: ParsedUrl): string => {
  if (!parsed.ok) throw new Error(`refused: ${parsed.reason}`);
  return parsed.hashInput;
};

describe('the path of a request', () => {
  const accepted: readonly { target: string; path: string; directory?: boolean }[] = [
    { target: '/', path: '/', directory: true },
    { target: '/uploads/report.bin', path: '/uploads/report.bin' },
    { target: '/uploads/', path: '/uploads/', directory: true },
    { target: '/uploads/a%2F', path: '/uploads/a/', directory: true },
    { target: '/uploads/a%2Fb', path: '/uploads/a/b' },
    { target: '/uploads/Q3%20report.xlsx', path: '/uploads/Q3 report.xlsx' },
    { target: '/uploads/Q3 report.xlsx', path: '/uploads/Q3 report.xlsx' },
    { target: '/uploads/a+b', path: '/uploads/a+b' },
    { target: '/uploads/%C3%A9t%C3%A9', path: '/uploads/été' },
    { target: '/uploads/été', path: '/uploads/été' },
    { target: '/uploads/%F0%9F%92%BE', path: '/uploads/💾' },
    { target: '/uploads/%252e%252e/x', path: '/uploads/%2e%2e/x' },
    { target: '/uploads/%2541', path: '/uploads/%41' },
    { target: '/uploads/...', path: '/uploads/...' },
    { target: '/uploads/.hidden', path: '/uploads/.hidden' },
    { target: '/uploads/a..b', path: '/uploads/a..b' },
    { target: '/uploads/{path}', path: '/uploads/{path}' },
    { target: '/uploads/%EF%BB%BFbom', path: '/uploads/\ufeffbom' },
    { target: '/uploads/a?x=%zz&y=..//\\', path: '/uploads/a' },
    { target: 'http://other.example.com/uploads/a', path: '/uploads/a' },
    { target: 'HTTPS://other.example.com', path: '/', directory: true },
    { target: 'https://other.example.com?x', path: '/', directory: true },
  ];
  it.each(accepted)('$target', ({ target, path, directory = false }) => {
    expect(at(target)).toMatchObject({ ok: true, path, directory });
  });
});

describe('a request that names no upload URL', () => {
  const refused: readonly (readonly [target: string, reason: UrlRefusal])[] = [
    ['', 'target-form'],
    ['*', 'target-form'],
    ['uploads/a', 'target-form'],
    ['upload.example.com:443', 'target-form'],
    ['ftp://upload.example.com/a', 'scheme'],
    ['http:///a', 'host'],
    ['http://user@upload.example.com/a', 'host'],
    ['/uploads/a#b', 'fragment-identifier'],
    ['/uploads/a?b#c', 'fragment-identifier'],
    ['/uploads/%', 'percent-escape'],
    ['/uploads/%4', 'percent-escape'],
    ['/uploads/%zz', 'percent-escape'],
    ['/uploads/%u0041', 'percent-escape'],
    ['/uploads/%c0%af', 'not-utf8'],
    ['/uploads/%C3', 'not-utf8'],
    ['/uploads/%80', 'not-utf8'],
    ['/uploads/%ED%A0%80', 'not-utf8'],
    ['/uploads/%F4%90%80%80', 'not-utf8'],
    ['/uploads/\ud800', 'lone-surrogate'],
    ['/uploads/a?\udc00', 'lone-surrogate'],
    ['/uploads/a\0b', 'control-character'],
    ['/uploads/a%00b', 'control-character'],
    ['/uploads/%0d%0a', 'control-character'],
    ['/uploads/%1f', 'control-character'],
    ['/uploads/%7F', 'control-character'],
    ['/uploads/%C2%80', 'control-character'],
    ['/uploads/%C2%9F', 'control-character'],
    ['/uploads/%EF%BF%BE', 'control-character'],
    ['/uploads/%EF%BF%BF', 'control-character'],
    ['/uploads/a?\n', 'control-character'],
    ['/uploads\\a', 'backslash'],
    ['/uploads/..%5Cx', 'backslash'],
    ['/uploads/%5c..', 'backslash'],
    ['/.', 'dot-segment'],
    ['/..', 'dot-segment'],
    ['/uploads/.', 'dot-segment'],
    ['/uploads/./a', 'dot-segment'],
    ['/uploads/../a', 'dot-segment'],
    ['/uploads/a/..', 'dot-segment'],
    ['/uploads/../', 'dot-segment'],
    ['/uploads/%2e%2E/a', 'dot-segment'],
    ['/uploads/.%2e/a', 'dot-segment'],
    ['/uploads/x%2F..%2Fy', 'dot-segment'],
    ['/uploads%2f%2e', 'dot-segment'],
    ['//', 'empty-segment'],
    ['//upload.example.com/a', 'empty-segment'],
    ['/uploads//a', 'empty-segment'],
    ['/uploads/a//', 'empty-segment'],
    ['/uploads/%2Fa', 'empty-segment'],
    ['/uploads/a/%2F', 'empty-segment'],
  ];
  it.each(refused)('%j: %s', (target, reason) => {
    expect(at(target)).toEqual({ ok: false, reason });
  });

  it.each([
    '',
    'a b',
    'a,b',
    'a/b',
    'a@b',
    'a?b',
    'a:b',
    'a:70000',
    '::1',
    '[::1',
    '[zz]',
    'é.example',
    'ａ.example',
    'a\tb',
    'a%41',
    '256.256.256.256',
  ])('host %j', (host) => {
    expect(at('/uploads/a', host)).toEqual({ ok: false, reason: 'host' });
  });

  it.each(['', 'ftp', 'https:', 'wss'])('scheme %j', (scheme) => {
    expect(at('/uploads/a', 'h', scheme)).toEqual({ ok: false, reason: 'scheme' });
  });
});

describe('what a session is bound to', () => {
  const normal = 'https://upload.example.com/uploads/a-b_c.d~e?X=%2f';
  it.each([
    ['host in capitals', '/uploads/a-b_c.d~e?X=%2f', 'UPLOAD.Example.COM', 'https'],
    ['default port', '/uploads/a-b_c.d~e?X=%2f', 'upload.example.com:443', 'https'],
    ['empty port', '/uploads/a-b_c.d~e?X=%2f', 'upload.example.com:', 'https'],
    ['scheme in capitals', '/uploads/a-b_c.d~e?X=%2f', 'upload.example.com', 'HTTPS'],
    ['needless escapes', '/%75ploads/%61%2Db%5fc%2ed%7Ee?X=%2f', 'upload.example.com', 'https'],
    ['absolute-form', 'HTTPS://Upload.example.com:443/uploads/a-b_c.d~e?X=%2f', 'elsewhere', 'http'],
  ])('%s is another spelling of the same URL', (_, target, host, scheme) => {
    expect(hashInputOf(at(target, host, scheme))).toBe(normal);
  });

  it.each([
    ['http://h/', '/', 'h:80', 'http'],
    ['http://h:443/', '/', 'h:443', 'http'],
    ['https://h:80/', '/', 'h:080', 'https'],
    ['https://[::1]:8443/', '/', '[0:0:0:0:0:0:0:1]:8443', 'https'],
    ['https://[2001:db8::a]/', '/', '[2001:DB8::A]', 'https'],
    ['https://h/a%20b', '/a b', 'h', 'https'],
    ['https://h/a%20b', '/a%20b', 'h', 'https'],
    ['https://h/%C3%A9%5B%22', '/%c3%a9%5b%22', 'h', 'https'],
    ['https://h/%C3%A9%5B%22', '/é["', 'h', 'https'],
    ['https://h/%F0%9F%92%BE', '/💾', 'h', 'https'],
    ['https://h/a%21%27%28%29%2A', '/a%21%27%28%29%2a', 'h', 'https'],
    ["https://h/a!'()*;:@&=+$,", "/a!'()*;:@&=+$,", 'h', 'https'],
  ])('%s', (expected, target, host, scheme) => {
    expect(hashInputOf(at(target, host, scheme))).toBe(expected);
  });

  it('differs for every other URL', () => {
    const urls = [
      at('/a/b'),
      at('/a%2Fb'),
      at('/A/b'),
      at('/a/b/'),
      at('/a/b?'),
      at('/a/b?x=1'),
      at('/a/b?x=%31'),
      at('/a/b%3Fx=1'),
      at('/a/b;c'),
      at('/a/b%3Bc'),
      at('/a/b%253Bc'),
      at('/a/b+c'),
      at('/a/b%20c'),
      at('/a/b', 'upload.example.com', 'http'),
      at('/a/b', 'upload.example.com:8443'),
      at('/a/b', 'upload.example.com.'),
      at('/a/\u00e9'),
      at('/a/e\u0301'),
    ].map(hashInputOf);
    expect(new Set(urls).size).toBe(urls.length);
  });

  it('is the same for every respelling of unreserved and unsafe characters, and then stays as it is', () => {
    const character = fc.constantFrom(...('abzAZ09-._~ "<>^`{|}[]é€💾'.match(/./gu) ?? []));
    const percentEncode = (text: string, lower: boolean): string => {
      const hex = [...Buffer.from(text, 'utf8')]
        .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
        .join('');
      return lower ? hex : hex.toUpperCase();
    };
    const spelled = fc.array(fc.tuple(character, fc.boolean(), fc.boolean()), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(spelled, (characters) => {
        const plain = `/u/x${characters.map(([text]) => text).join('')}`;
        const respelled = `/u/x${characters
          .map(([text, escaped, lower]) => (escaped ? percentEncode(text, lower) : text))
          .join('')}`;
        const expected = hashInputOf(at(plain));
        expect(hashInputOf(at(respelled))).toBe(expected);
        expect(hashInputOf(at(expected))).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws, and two texts with one binding have one path', () => {
    const piece = fc.constantFrom(
      '/',
      'a',
      'b',
      '%',
      '%2',
      '%2f',
      '%61',
      '%C3%A9',
      'é',
      '.',
      '\\',
      '?',
      '#',
      '\ud800',
      '%00',
    );
    const target = fc.array(piece, { maxLength: 10 }).map((pieces) => `/${pieces.join('')}`);
    const pathOf = new Map<string, string>();
    let accepted = 0;
    fc.assert(
      fc.property(target, (text) => {
        const parsed = at(text);
        if (!parsed.ok) return;
        accepted++;
        expect(pathOf.get(parsed.hashInput) ?? parsed.path).toBe(parsed.path);
        pathOf.set(parsed.hashInput, parsed.path);
        expect(/[\p{Cc}\p{Cs}\\]/u.test(parsed.path)).toBe(false);
        expect(/\/\.{0,2}\//.test(parsed.path) || /\/\.{1,2}$/.test(parsed.path)).toBe(false);
      }),
      { numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });
});
