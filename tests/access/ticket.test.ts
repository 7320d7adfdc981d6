import { createPrivateKey } from 'node:crypto';
import { CompactSign } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { CachedDocument } from '../../lib/access/document.ts';
import { claimsFault, ticketType } from '../../lib/access/ticket/claims.ts';
import { parseTicketKeys } from '../../lib/access/ticket/keys.ts';
import { mintTicket, type TicketOptions, ticketUrl } from '../../lib/access/ticket/mint.ts';
import { takeTickets } from '../../lib/access/ticket/query.ts';
import { ticketIdentity } from '../../lib/access/ticket/ticket-identity.ts';
import { evidenceOf, keysDocument, newSigningKey, ticketIdentityOf } from '../support/identities.ts';

const nowMs = 1_800_000_000_000;
const day = 86_400;
const key = newSigningKey('2027-01');
const options: TicketOptions = {
  path: '/drop/a.bin',
  principal: 'customer 17',
  expiresInSeconds: day,
  nowMs,
};

const evidence = (ticket: string, opensSession = true, authorization?: string) =>
  evidenceOf({
    header: authorization === undefined ? undefined : ['Authorization', authorization],
    tickets: ticket === '' ? [] : [ticket],
    opensSession,
  });

/** Signed by the right key, whatever it says. */
const signed = (payload: unknown, header: { typ?: string; kid?: string } = {}) =>
  new CompactSign(Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: ticketType, ...header })
    .sign(createPrivateKey({ key: { ...key }, format: 'jwk' }));

describe('takeTickets', () => {
  it.each([
    ['', '', []],
    ['a=1&b=2', 'a=1&b=2', []],
    ['ticket=x.y.z', '', ['x.y.z']],
    ['a=1&ticket=x&b=%20', 'a=1&b=%20', ['x']],
    ['ticket=x&ticket=y', '', ['x', 'y']],
    ['TICKET=x&%74icket=y&tic%6Bet=z&a', 'a', ['x', 'y', 'z']],
    ['ticket&tickets=1&%zzticket=2', 'tickets=1&%zzticket=2', ['ticket']],
    ['ticket=a=b', '', ['a=b']],
  ])('%s', (query, rest, tickets) => {
    expect(takeTickets(query)).toEqual({ query: rest, tickets });
  });
});

describe('claims', () => {
  const good = { sub: 'a', exp: 1, path: '/a' };
  it.each([
    ['nothing', {}, 'required'],
    ['neither path nor prefix', { sub: 'a', exp: 1 }, 'one of path and prefix'],
    ['both', { ...good, prefix: '/a/' }, 'one of path and prefix'],
    ['a path that is a folder', { ...good, path: '/a/' }, 'path'],
    ['a prefix that is none', { sub: 'a', exp: 1, prefix: '/a' }, 'prefix'],
    ['no principal', { ...good, sub: '' }, 'sub'],
    ['a principal that breaks a line', { ...good, sub: 'a\n' }, 'sub'],
    ['an end that is no time', { ...good, exp: '1' }, 'exp'],
    ['half a byte', { ...good, max: 0.5 }, 'max'],
    ['a single use without an id', { ...good, once: true }, 'jti'],
    ['a claim that nobody here keeps', { ...good, aud: 'x' }, 'aud: no such claim'],
    ['a claim of every object', { ...good, toString: 'x' }, 'toString: no such claim'],
  ])('%s is refused', (_, claims, fault) => {
    expect(claimsFault(claims)).toContain(fault);
  });

  it('with everything in them are good', () => {
    const all = { ...good, max: 1, overwrite: true, once: true, jti: 'x', nbf: 0, iat: 0, iss: 'b' };
    expect(claimsFault(all)).toBeUndefined();
  });

  it('that make no ticket are not signed', async () => {
    await expect(mintTicket(key, { ...options, prefix: '/x/' })).rejects.toThrow('one of path and prefix');
    await expect(mintTicket(key, { ...options, expiresInSeconds: 0.5 })).rejects.toThrow('exp');
  });
});

describe('the keys document', () => {
  const [jwk] = JSON.parse(keysDocument(key)).keys;
  it.each([
    ['no JSON', '{', 'not JSON'],
    ['no set', '[]', 'no JWK set'],
    ['a key without a name', { ...jwk, kid: '' }, 'kid'],
    ['a key of another kind', { kid: 'a', kty: 'oct', k: 'c2VjcmV0' }, 'no Ed25519 key'],
    ['half a key', { ...jwk, x: 'abc' }, 'is no key'],
    ['a private key', { ...jwk, d: key.d }, 'private'],
  ])('%s is refused, and no secret is repeated', (_, document, problem) => {
    const text = typeof document === 'string' ? document : JSON.stringify({ keys: [document] });
    expect(() => parseTicketKeys(text)).toThrow(problem);
    expect(() => parseTicketKeys(text)).not.toThrow(key.d);
  });

  it('names a key once', () => {
    expect(() => parseTicketKeys(keysDocument(key, newSigningKey(key.kid)))).toThrow('another one');
  });
});

describe('a ticket', () => {
  const identify = ticketIdentityOf(() => nowMs, key);
  let ticket: string;
  beforeAll(async () => {
    ticket = await mintTicket(key, { ...options, maximumUploadBytes: 5, singleUse: true });
  });

  it('tells who may do what, from the URL or a header', async () => {
    for (const shown of [
      evidence(ticket),
      evidence('', true, `Bearer ${ticket}`),
      evidence('x', true, `bearer ${ticket}`),
    ]) {
      const caller = await identify(shown);
      expect(caller).toMatchObject({
        kind: 'ticket',
        principal: 'customer 17',
        grant: { maximumUploadBytes: 5, allowOverwrites: false, expiresAtSeconds: nowMs / 1000 + day },
      });
      expect(caller?.grant?.singleUseId).toMatch(/^[\w-]{43}$/);
      expect(
        ['/drop/a.bin', '/drop/a.bin/', '/drop/a', '/drop/A.bin'].map((path) =>
          caller?.grant?.isInScope(path),
        ),
      ).toEqual([true, false, false, false]);
    }
  });

  it('for a prefix is for what is below', async () => {
    const { path: _, ...rest } = options;
    const caller = await identify(evidence(await mintTicket(key, { ...rest, prefix: '/drop/17/' })));
    expect(
      ['/drop/17/a', '/drop/17/b/c', '/drop/17', '/drop/170/a', '/drop/'].map((path) =>
        caller?.grant?.isInScope(path),
      ),
    ).toEqual([true, true, false, false, false]);
  });

  it('makes a URL that a client can be given', () => {
    expect(ticketUrl(new URL('https://h/drop/a%20b.bin'), 'x.y.z')).toBe(
      'https://h/drop/a%20b.bin?ticket=x.y.z',
    );
    expect(ticketUrl(new URL('https://h/a?b=1'), 'x')).toBe('https://h/a?b=1&ticket=x');
  });

  it('is refused with any bit of it flipped', { timeout: 30_000 }, async () => {
    const accepted: string[] = [];
    for (let at = 0; at < ticket.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = String.fromCharCode(ticket.charCodeAt(at) ^ (1 << bit));
        const tampered = `${ticket.slice(0, at)}${flipped}${ticket.slice(at + 1)}`;
        if ((await identify(evidence(tampered))) !== undefined) accepted.push(`${at}.${bit}`);
      }
    }
    expect(accepted).toEqual([]);
    expect(await identify(evidence(ticket))).toBeDefined();
  });

  it.each([
    ['of another key with the same name', () => mintTicket(newSigningKey(key.kid), options)],
    ['of a key that is not in the set', () => mintTicket(newSigningKey('old'), options)],
    ['of another type', () => signed({ sub: 'a', exp: 9e9, path: '/drop/a.bin' }, { typ: 'JWT' })],
    ['that says nothing', () => signed({})],
    ['that is no JSON', () => signed('ticket')],
    [
      'with a claim that nobody here keeps',
      () => signed({ sub: 'a', exp: 9e9, path: '/a', only: 'on Sundays' }),
    ],
    ['not good yet', () => signed({ sub: 'a', exp: 9e9, path: '/a', nbf: nowMs / 1000 + 61 })],
    ['without a signature', async () => `${ticket.slice(0, ticket.lastIndexOf('.'))}.`],
    [
      'with alg none',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${ticket.split('.')[1]}.`,
    ],
    ['cut short', async () => ticket.slice(0, -1)],
    ['with more behind it', async () => `${ticket}A`],
    ['twice as long as a URL', async () => ticket.repeat(20)],
    ['that is empty', async () => ''],
  ])('%s is refused', async (_, make) => {
    expect(await identify(evidence(await make()))).toBeUndefined();
  });

  it('that has expired begins nothing, and goes on with what it began', async () => {
    const clock = { nowMs };
    const later = ticketIdentityOf(() => clock.nowMs, key);
    clock.nowMs = nowMs + day * 1000 - 1;
    expect(await later(evidence(ticket, true))).toBeDefined();
    clock.nowMs++;
    expect(await later(evidence(ticket, true))).toBeUndefined();
    expect(await later(evidence(ticket, false))).toBeDefined();
  });

  it('is good for as long as its key is in the set', async () => {
    const clock = { nowMs };
    const next = newSigningKey('2027-02');
    let document = keysDocument(key);
    const rotating = ticketIdentity({
      keys: new CachedDocument({
        read: async () => document,
        parse: parseTicketKeys,
        nowMs: () => clock.nowMs,
        alarm: () => undefined,
      }),
      nowMs: () => clock.nowMs,
    });
    const newer = await mintTicket(next, options);
    const good = async () =>
      [ticket, newer].map(async (each) => (await rotating(evidence(each))) !== undefined);
    expect(await Promise.all(await good())).toEqual([true, false]);
    document = keysDocument(key, next);
    clock.nowMs += 300_000;
    expect(await Promise.all(await good())).toEqual([true, true]);
    document = keysDocument(next);
    clock.nowMs += 300_000;
    expect(await Promise.all(await good())).toEqual([false, true]);
  });
});
