import { beforeAll, describe, expect, it } from 'vitest';
import { mintTicket } from '../../lib/access/ticket/mint.ts';
import { newSigningKey } from '../support/identities.ts';
import { closePacket, openSession, pingPacket, textFragment, withHeaders } from '../support/packets.ts';
import {
  type AccessKinds,
  asBearer,
  day,
  inUrl,
  key,
  nothing,
  type PacketName,
  type Proof,
  packetNames,
  packets,
  scene,
  sendWatched,
  startMs,
  stateOf,
  text,
  withBasic,
  withCertificate,
  withForgedSubject,
} from './identity-scene.ts';

/** Every way to know a caller × what a caller may show × every packet: nothing is let in that should not be. */

interface Row {
  readonly what: string;
  readonly access: AccessKinds;
  readonly right: Proof;
  readonly wrong: Proof;
  /** For every packet, where they differ from 401. */
  readonly answers?: Partial<Record<PacketName, number>>;
}

const rows: Row[] = [];
let ticket = '';

beforeAll(async () => {
  const options = { path: '/drop/file.bin', principal: 'alice', expiresInSeconds: day, nowMs: startMs };
  ticket = await mintTicket(key, options);
  const alice = withBasic('alice:opensesame');
  const expired = await mintTicket(key, { ...options, nowMs: startMs - day * 1000 });
  const otherPath = await mintTicket(key, { ...options, path: '/drop/other.bin' });
  const forbidden = { ping: 403, create: 403, fragment: 403, close: 403, cancel: 403 };
  const basic = (what: string, wrong: Proof): void => {
    rows.push({ what: `basic, ${what}`, access: ['basic'], right: alice, wrong });
  };
  basic('missing', nothing);
  basic('wrong password', withBasic('alice:opensesam'));
  basic('unknown user', withBasic('mallory:opensesame'));
  basic('malformed', (packet) => withHeaders(packet, { Authorization: 'Basic %%%' }));
  basic('a ticket, where none is taken', inUrl(ticket));
  const tickets = (what: string, wrong: Proof, answers?: Row['answers']): void => {
    const row = { access: ['ticket'] as const, right: inUrl(ticket), wrong };
    rows.push({ what: `ticket, ${what}`, ...row, ...(answers === undefined ? {} : { answers }) });
  };
  tickets('missing', nothing);
  tickets('of a stranger', inUrl(await mintTicket(newSigningKey('now'), options)));
  tickets('for another path', inUrl(otherPath), forbidden);
  tickets('for another path, as Bearer', asBearer(otherPath), forbidden);
  tickets('credentials, where none are taken', alice);
  // The session is younger than the ticket's end: it was begun with another one.
  tickets('expired', inUrl(expired), { ping: 200, create: 401, fragment: 500, close: 500, cancel: 500 });
  const another = await mintTicket(key, { ...options, principal: 'bob' });
  const unknown = { ping: 200, create: 200, fragment: 500, close: 500, cancel: 500 };
  tickets('of another principal', inUrl(another), unknown);
  rows.push({ what: 'either, missing', access: ['ticket', 'basic'], right: alice, wrong: nothing });
  rows.push({
    what: 'either, both wrong',
    access: ['ticket', 'basic'],
    right: inUrl(ticket),
    wrong: (packet) => withBasic('alice:x')(inUrl(`${ticket}A`)(packet)),
  });
  const certificates = (what: string, wrong: Proof, answers: Row['answers'] = forbidden): void => {
    rows.push({ what: `mtls, ${what}`, access: ['mtls'], right: withCertificate(alices), wrong, answers });
  };
  const [alices, bobs] = ['CN=alice,O=Contoso', 'CN=bob,O=Contoso'];
  certificates('missing, by the other listener', nothing);
  certificates('missing, by its own', withCertificate());
  certificates('of another principal', withCertificate(bobs), unknown);
  certificates('without a name', withCertificate('O=Contoso'));
  certificates('with two names', withCertificate('CN=bob,CN=alice,O=Contoso'));
  certificates('a forged header, by the other listener', withForgedSubject);
  certificates('a forged header before the true one', withCertificate(alices, bobs));
  certificates('a forged header behind the true one', withCertificate(bobs, alices));
  certificates('a password, by the other listener', alice);
  certificates('a password, by its own', (packet) => withCertificate()(alice(packet)));
  certificates('a ticket, by its own', (packet) => withCertificate()(inUrl(ticket)(packet)));
  rows.push({
    what: 'basic, by the listener of certificates',
    access: ['basic'],
    right: alice,
    wrong: (packet) => withCertificate(alices)(alice(packet)),
    answers: forbidden,
  });
});

describe('a packet that is not proven', () => {
  for (const name of packetNames) {
    it(`${name}: every wrong proof is answered as it should be, and leaves no trace`, async () => {
      expect(rows.length).toBeGreaterThan(24);
      for (const { what, access, right, wrong, answers } of rows) {
        const { harness, proven } = await scene(access, right);
        const session = await openSession(proven);
        for (const progress of ['before any byte', 'with half a file']) {
          if (progress !== 'before any byte') await proven.send(textFragment(session, text, 0, 13));
          const expected = answers?.[name] ?? 401;
          const before = stateOf(harness);
          harness.sessions.hooks.reset();
          harness.objects.hooks.reset();
          const { status, headers, bodiesRead } = await sendWatched(harness, wrong(packets[name](session)));
          const at = `${what}, ${progress}`;
          expect(status, at).toBe(expected);
          expect(headers['BITS-Packet-Type'], at).toBe('Ack');
          expect(bodiesRead, at).toBe(0);
          if (name !== 'create' || expected !== 200) expect(stateOf(harness), at).toBe(before);
          // Another's session is as good as none.
          if (expected === 500) expect(headers['BITS-Error-Code'], at).toBe('0x8020001F');
          if (expected === 403) expect(headers['BITS-Error-Code'], at).toBe('0x80070005');
          if (expected !== 401) continue;
          const scheme = access.includes('basic') ? 'Basic' : 'Bearer';
          expect(headers['WWW-Authenticate'], at).toBe(`${scheme} realm="uploads"`);
          expect(headers, at).not.toHaveProperty('BITS-Error-Code');
          expect({ ...harness.sessions.hooks.made(), ...harness.objects.hooks.made() }, at).toEqual({});
        }
        const rest = await proven.send(textFragment(session, text, 13));
        expect(rest.status, `${what}: the rest`).toBe(200);
        expect((await proven.send(closePacket(session))).status, `${what}: the end`).toBe(200);
        expect(harness.objects.object('destination', 'file.bin')?.body.toString()).toBe(text);
      }
    });

    it(`${name}: no ticket passes with any bit of it flipped`, { timeout: 60_000 }, async () => {
      const { harness, proven } = await scene(['ticket'], inUrl(ticket));
      const session = await openSession(proven);
      await proven.send(textFragment(session, text, 0, 13));
      const packet = packets[name](session);
      const before = stateOf(harness);
      const answers = new Map<number, number>();
      for (let at = 0; at < ticket.length; at++) {
        for (let bit = 0; bit < 8; bit++) {
          const flipped = String.fromCharCode(ticket.charCodeAt(at) ^ (1 << bit));
          const tampered = `${ticket.slice(0, at)}${flipped}${ticket.slice(at + 1)}`;
          const { status } = await harness.send(inUrl(tampered)(packet));
          answers.set(status, (answers.get(status) ?? 0) + 1);
        }
      }
      // A flip that makes a `#` or a control character of it spoils the URL before anybody looks for a ticket.
      expect([...answers.keys()].filter((status) => status !== 401 && status !== 400)).toEqual([]);
      expect(answers.get(401)).toBeGreaterThan(ticket.length * 7);
      expect(stateOf(harness)).toBe(before);
    });
  }

  it('is told apart by nothing: an unknown user and a wrong password get the same answer', async () => {
    const { harness } = await scene(['basic'], nothing);
    const answers = ['alice:wrong', 'mallory:wrong'].map((pair) =>
      harness.send(withBasic(pair)(pingPacket())),
    );
    const [wrong, unknown] = await Promise.all(answers);
    expect(wrong).toEqual(unknown);
  });
});

describe('a proven packet', () => {
  it.each([
    ['Basic', () => withBasic('alice:opensesame')],
    ['a ticket in the URL', () => inUrl(ticket)],
    ['a ticket as Bearer', () => asBearer(ticket)],
  ])(
    'belongs to its principal, by %s: in the log, in the object, and a session goes on with another proof',
    async (_, proof) => {
      const { harness, proven } = await scene(['ticket', 'basic'], proof());
      const session = await openSession(proven);
      const basic = withBasic('alice:opensesame');
      expect((await harness.send(basic(textFragment(session, text, 0, 13)))).status).toBe(200);
      expect((await harness.send(inUrl(ticket)(textFragment(session, text, 13)))).status).toBe(200);
      expect((await proven.send(closePacket(session))).status).toBe(200);
      expect(harness.objects.object('destination', 'file.bin')?.metadata?.principal).toBe('alice');
      expect(harness.packets.map(({ principal }) => principal)).toEqual(Array(4).fill('alice'));
    },
  );

  it('costs no call more: a warm fragment is one write to S3 and one to DynamoDB', async () => {
    for (const proof of [withBasic('alice:opensesame'), inUrl(ticket)]) {
      const { harness, proven } = await scene(['ticket', 'basic'], proof);
      const session = await openSession(proven);
      await proven.send(textFragment(session, text, 0, 5));
      harness.sessions.hooks.reset();
      harness.objects.hooks.reset();
      expect((await proven.send(textFragment(session, text, 5, 9))).status).toBe(200);
      const made = { ...harness.sessions.hooks.made(), ...harness.objects.hooks.made() };
      expect(made).toEqual({ putPiece: 1, write: 1 });
    }
  });

  it('names nobody in the log who was not let in', async () => {
    const { harness } = await scene(['basic'], nothing);
    await harness.send(withBasic('mallory:secret')(pingPacket()));
    expect(harness.packets).toHaveLength(1);
    expect(JSON.stringify(harness.packets)).not.toMatch(/mallory|secret/);
  });

  it('meets 503 where the users cannot be read, never 401', async () => {
    const { harness } = await scene(['basic'], nothing);
    harness.identities = { basic: () => Promise.reject(new Error('the extension does not answer')) };
    for (const name of packetNames) {
      expect((await harness.send(withBasic('alice:opensesame')(packets[name]('{0}')))).status).toBe(503);
    }
  });
});
