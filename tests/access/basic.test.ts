import { describe, expect, it, vi } from 'vitest';
import { basicIdentity } from '../../lib/access/basic/basic-identity.ts';
import { parseBasic } from '../../lib/access/basic/credentials.ts';
import { hashPassword, isPassword, parsePasswordHash } from '../../lib/access/basic/password-hash.ts';
import { decoyFor, parseUsers, type Users } from '../../lib/access/basic/users.ts';
import { CachedDocument, DocumentError } from '../../lib/access/document.ts';
import { cheapCosts, evidenceOf, usersDocument } from '../support/identities.ts';

const basic = (text: string, encoding: BufferEncoding = 'utf8') =>
  `Basic ${Buffer.from(text, encoding).toString('base64')}`;
const evidence = (authorization?: string) =>
  evidenceOf({ header: authorization === undefined ? undefined : ['Authorization', authorization] });

describe('parseBasic', () => {
  it.each([
    ['a pair', basic('alice:opensesame'), 'alice', 'opensesame'],
    ['the scheme in any letter case', basic('a:b').replace('Basic', 'bAsIc'), 'a', 'b'],
    ['a colon in the password', basic('alice:a:b:'), 'alice', 'a:b:'],
    ['an empty password', basic('alice:'), 'alice', ''],
    ['UTF-8', basic('zoë:pä€'), 'zoë', 'pä€'],
    ['windows-1252, where it is not UTF-8', basic('zoë:pä', 'latin1'), 'zoë', 'pä'],
    ['a pair of 768 bytes', basic(`a:${'x'.repeat(766)}`), 'a', 'x'.repeat(766)],
  ])('reads %s', (_, header, user, password) => {
    expect(parseBasic(header)).toEqual({ user, password });
  });

  it.each([
    ['nothing', undefined],
    ['another scheme', 'Bearer abc'],
    ['no base64', 'Basic %%%'],
    ['base64 and more', `${basic('a:b')} x`],
    ['no colon', basic('alice')],
    ['no user', basic(':secret')],
    ['a kilobyte and more', basic(`a:${'x'.repeat(1_000)}`)],
  ])('refuses %s', (_, header) => {
    expect(parseBasic(header)).toBeUndefined();
  });
});

describe('Basic of a client that does not send UTF-8', () => {
  it('had control characters in place of what Windows has from 0x80 to 0x9F', () => {
    const password = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';
    const codes = Array.from({ length: 32 }, (_, at) => 0x80 + at);
    const bytes = codes.filter((code) => ![0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(code));
    const pair = Buffer.concat([Buffer.from('alice:'), Buffer.from(bytes)]);
    expect(parseBasic(`Basic ${pair.toString('base64')}`)).toEqual({ user: 'alice', password });
  });

  it.each([0x81, 0x8d, 0x8f, 0x90, 0x9d])('has no character %i', (code) => {
    const pair = Buffer.concat([Buffer.from('alice:'), Buffer.of(code)]);
    expect(parseBasic(`Basic ${pair.toString('base64')}`)).toBeUndefined();
  });
});

describe('a password hash', () => {
  it('tells its password from others, also where letters can be composed in two ways', async () => {
    const kept = parsePasswordHash(await hashPassword('caf\u00e9', cheapCosts));
    if (kept === undefined) throw new Error('a hash that cannot be read');
    expect(await isPassword('caf\u00e9', kept)).toBe(true);
    expect(await isPassword('cafe\u0301', kept)).toBe(true);
    expect(await isPassword('cafe', kept)).toBe(false);
  });

  it('is salted: twice the same password is two hashes', async () => {
    expect(await hashPassword('x', cheapCosts)).not.toBe(await hashPassword('x', cheapCosts));
  });

  it.each([
    ['an N that is no power of two', ['scrypt', 3, 1, 1]],
    ['a third of a gigabyte of memory', ['scrypt', 262_144, 10, 1]],
    ['minutes of work', ['scrypt', 16_384, 8, 99]],
    ['no lanes', ['scrypt', 2, 1, 0]],
    ['another function', ['bcrypt', 2, 1, 1]],
  ])('with %s is none', (_, head) => {
    const tail = [Buffer.alloc(16).toString('base64url'), Buffer.alloc(32).toString('base64url')];
    expect(parsePasswordHash([...head, ...tail].join('$'))).toBeUndefined();
    expect(parsePasswordHash(['scrypt', 2, 1, 1, ...tail].join('$'))).toBeDefined();
  });
});

describe('the users document', () => {
  it.each([
    ['', 'is not JSON'],
    ['[]', 'is not an object'],
    ['{"alice":"secret"}', 'no password hash for alice'],
    ['{"a:b":""}', 'the name a:b has a colon'],
    ['{"":""}', 'is empty'],
    ['{"a\\u0007":""}', 'cannot be printed'],
  ])('%s is refused, and no secret is repeated', (text, problem) => {
    expect(() => parseUsers(text)).toThrow(problem);
    expect(() => parseUsers(text)).not.toThrow('secret');
  });

  it('holds a user named __proto__ like any other', async () => {
    const document = await usersDocument({ x: 'secret' });
    expect([...parseUsers(document.replace('"x"', '"__proto__"')).keys()]).toEqual(['__proto__']);
  });

  it('gives an unknown user the work of one that exists, always the same', async () => {
    const users = parseUsers(await usersDocument({ alice: 'a', bob: 'b' }));
    expect([...users.values()]).toContain(decoyFor('mallory', users));
    expect(decoyFor('mallory', users)).toBe(decoyFor('mallory', users));
    expect(decoyFor('mallory', new Map())).toMatchObject({ cost: 16_384, parallelization: 5 });
  });
});

describe('Basic', () => {
  const scene = async (passwords: Record<string, string> = { alice: 'opensesame' }) => {
    const clock = { nowMs: 0 };
    const document = {
      text: await usersDocument(passwords),
      reads: 0,
      fault: undefined as Error | undefined,
    };
    const alarm = vi.fn();
    const users = new CachedDocument<Users>({
      read: async () => {
        document.reads++;
        if (document.fault !== undefined) throw document.fault;
        return document.text;
      },
      parse: parseUsers,
      nowMs: () => clock.nowMs,
      alarm,
    });
    return { clock, document, alarm, identify: basicIdentity({ users, nowMs: () => clock.nowMs }) };
  };

  it('knows the right password, and neither a wrong one nor an unknown user', async () => {
    const { identify } = await scene();
    expect(await identify(evidence(basic('alice:opensesame')))).toEqual({
      kind: 'basic',
      principal: 'alice',
    });
    for (const wrong of ['alice:opensesam', 'alice:', 'Alice:opensesame', 'bob:opensesame', '__proto__:x']) {
      expect(await identify(evidence(basic(wrong))), wrong).toBeUndefined();
      expect(await identify(evidence(basic(wrong))), `${wrong} again`).toBeUndefined();
    }
  });

  it.each([
    ['a NUL', '\0'],
    ['NULs', '\0\0\0'],
    ['a line end', '\n'],
    ['a DEL', '\u007f'],
  ])('took a password with %s behind it, which it reads no document for', async (_, behind) => {
    const { identify, document } = await scene();
    expect(await identify(evidence(basic(`alice:opensesame${behind}`)))).toBeUndefined();
    expect(document.reads).toBe(0);
  });

  it('reads no document for a packet without credentials', async () => {
    const { identify, document } = await scene();
    await identify(evidence());
    await identify(evidence('Bearer abc'));
    expect(document.reads).toBe(0);
  });

  it('reads the document again after five minutes, and a changed one forgets all it knew', async () => {
    const { identify, document, clock } = await scene();
    const bob = evidence(basic('bob:secret'));
    const alice = evidence(basic('alice:opensesame'));
    expect(await identify(alice)).toBeDefined();
    expect(await identify(bob)).toBeUndefined();
    document.text = await usersDocument({ bob: 'secret' });
    clock.nowMs = 299_999;
    expect(await identify(alice)).toBeDefined();
    expect(document.reads).toBe(1);
    clock.nowMs = 300_000;
    expect(await identify(alice)).toBeUndefined();
    expect(await identify(bob)).toMatchObject({ principal: 'bob' });
    expect(document.reads).toBe(2);
  });

  it('goes on with the last good document for an hour, with an alarm, and then says that it does not know', async () => {
    const { identify, document, clock, alarm } = await scene();
    const alice = evidence(basic('alice:opensesame'));
    await identify(alice);
    document.fault = new DocumentError('UNREADABLE', 'gone');
    clock.nowMs = 300_000;
    expect(await identify(alice)).toBeDefined();
    expect(await identify(alice)).toBeDefined();
    expect([document.reads, alarm.mock.calls.length]).toEqual([2, 1]);
    clock.nowMs = 3_600_000;
    await expect(identify(alice)).rejects.toThrow('gone');
    document.fault = undefined;
    expect(await identify(alice)).toBeDefined();
  });

  it('never says no when it cannot read the users at all', async () => {
    const { identify, document } = await scene();
    document.fault = new DocumentError('UNREADABLE', 'gone');
    await expect(identify(evidence(basic('alice:wrong')))).rejects.toThrow('gone');
  });
});
