import { describe, expect, it } from 'vitest';
import type { AccessKind } from '../../lib/access/destination.ts';
import { mintTicket, type TicketOptions } from '../../lib/access/ticket/mint.ts';
import { expiredSessionOf } from '../../lib/session/expired-record.ts';
import { StoreError } from '../../lib/session/store.ts';
import { takenTicketItem } from '../../lib/session/taken-ticket.ts';
import { memoryHarness, type TestRequest } from '../support/functions-harness.ts';
import { basicIdentityOf, newSigningKey, ticketIdentityOf } from '../support/identities.ts';
import {
  cancelPacket,
  closePacket,
  createPacket,
  openSession,
  pingPacket,
  textFragment,
  withHeaders,
} from '../support/packets.ts';
import { removeRecord } from '../support/stream-record.ts';

const text = 'abcdefghijklmnopqrstuvwxyz';
const key = newSigningKey('now');
const hour = 3_600;

const scene = (destination: { allowOverwrites?: boolean; maximumUploadBytes?: number } = {}) => {
  const harness = memoryHarness({ destination: { ...destination, access: ['ticket'] } });
  harness.identities = { ticket: ticketIdentityOf(() => harness.nowMs, key) };
  const issue = async (options: Partial<TicketOptions> = {}) => {
    const standard = {
      path: '/drop/file.bin',
      principal: 'alice',
      expiresInSeconds: hour,
      nowMs: harness.nowMs,
    };
    const ticket = await mintTicket(key, { ...standard, ...options });
    return {
      send: (packet: TestRequest) =>
        harness.send({ ...packet, path: `${packet.path ?? '/drop/file.bin'}?a=1&ticket=${ticket}` }),
    };
  };
  return { harness, issue };
};

describe('the terms of a ticket', () => {
  it('its size narrows that of the destination, and never widens it', async () => {
    const { issue } = scene({ maximumUploadBytes: 26 });
    const small = await issue({ maximumUploadBytes: 25 });
    const large = await issue({ maximumUploadBytes: 1_000 });
    const session = await openSession(small);
    const refused = await small.send(textFragment(session, text, 0));
    expect([refused.status, refused.headers['BITS-Error-Code']]).toEqual([500, '0x80200020']);
    expect((await large.send(textFragment(session, `${text}!`, 0))).status).toBe(500);
    expect((await large.send(textFragment(session, text, 0))).status).toBe(200);
  });

  it.each([
    [false, false, 403],
    [false, true, 403],
    [true, false, 403],
    [true, true, 200],
  ])(
    'destination overwrites %s, ticket %s: a taken name is %i',
    async (allowOverwrites, overwrite, status) => {
      const { harness, issue } = scene({ allowOverwrites });
      harness.objects.objects.set('destination/file.bin', { body: Buffer.from('old'), metadata: undefined });
      expect((await (await issue({ overwrite })).send(createPacket())).status).toBe(status);
    },
  );

  it('its end: no session begins, one that was begun goes on, a later one of the same principal stays hidden', async () => {
    const { harness, issue } = scene();
    const short = await issue();
    const session = await openSession(short);
    harness.nowMs += hour * 1000;
    const long = await issue({ expiresInSeconds: 5 * hour });
    const later = await openSession(long);
    expect((await short.send(createPacket())).status).toBe(401);
    expect((await short.send(pingPacket())).status).toBe(200);
    expect((await short.send(textFragment(session, text, 0, 13))).status).toBe(200);
    expect((await short.send(textFragment(later, text, 0, 13))).status).toBe(500);
    expect((await short.send(cancelPacket(later))).status).toBe(500);
    expect((await short.send(textFragment(session, text, 13))).status).toBe(200);
    expect((await short.send(closePacket(session))).status).toBe(200);
    expect((await long.send(textFragment(later, text, 0, 13))).status).toBe(200);
  });

  it('is no part of the URL: a session goes on with another ticket, and the rest of the query still counts', async () => {
    const { harness, issue } = scene();
    const [one, two] = [await issue(), await issue({ expiresInSeconds: 2 * hour })];
    const session = await openSession(one);
    expect((await two.send(textFragment(session, text, 0, 13))).status).toBe(200);
    const other = await two.send({ ...textFragment(session, text, 13), path: '/drop/file.bin?b=2' });
    expect(other.status).toBe(401);
    expect(JSON.stringify([[...harness.sessions.items], harness.packets])).not.toContain('ticket');
  });
});

describe('a ticket for one upload', () => {
  it('is taken by the first fragment that is accepted, so a lost CREATE does not matter', async () => {
    const { harness, issue } = scene();
    const holder = await issue({ singleUse: true });
    const [lost, session] = [await openSession(holder), await openSession(holder)];
    expect(harness.sessions.calls.takeTicket).toBe(0);
    expect((await holder.send(textFragment(session, text, 5))).status).toBe(416);
    expect(harness.sessions.calls.takeTicket).toBe(0);
    expect((await holder.send(textFragment(session, text, 0, 13))).status).toBe(200);
    expect((await holder.send(textFragment(session, text, 0, 13))).status).toBe(200);
    expect((await holder.send(textFragment(session, text, 13))).status).toBe(200);
    // One write more for the whole upload.
    expect(harness.sessions.calls.takeTicket).toBe(1);
    const refused = await holder.send(textFragment(lost, text, 0, 13));
    expect([refused.status, refused.headers['BITS-Error-Code']]).toEqual([403, '0x80070005']);
    expect((await holder.send(closePacket(session))).status).toBe(200);
  });

  it('was spent by a fragment that was never stored: after a day asleep its session was gone, and no other let in', async () => {
    const { harness, issue } = scene();
    const holder = await issue({ singleUse: true, expiresInSeconds: 48 * hour });
    const session = await openSession(holder);
    harness.objects.hooks.before = () => Promise.reject(new Error('S3 is away'));
    expect((await holder.send(textFragment(session, text, 0, 13))).status).toBe(503);
    expect(harness.sessions.calls.takeTicket).toBe(0);
    harness.objects.hooks.before = undefined;
    harness.nowMs += 25 * hour * 1_000;
    const gone = await holder.send(textFragment(session, text, 0, 13));
    expect(gone.headers['BITS-Error-Code']).toBe('0x8020001F');
    const another = await openSession(holder);
    expect((await holder.send(textFragment(another, text, 0, 13))).status).toBe(200);
  });

  it('that another session has: what was stored before that was seen goes', async () => {
    const { harness, issue } = scene();
    const holder = await issue({ singleUse: true });
    const [one, other] = [await openSession(holder), await openSession(holder)];
    expect((await holder.send(textFragment(one, text, 0))).status).toBe(200);
    expect((await holder.send(closePacket(one))).status).toBe(200);
    for (const packet of [textFragment(other, text, 0, 13), textFragment(other, text, 0)])
      expect((await holder.send(packet)).status).toBe(403);
    expect([harness.objects.pieces.size, harness.objects.uploads.size]).toEqual([0, 0]);
  });

  it('stays with its session when the answer to its taking was lost', async () => {
    const { harness, issue } = scene();
    const holder = await issue({ singleUse: true });
    const session = await openSession(holder);
    harness.sessions.hooks.after = ({ name }) => {
      if (name === 'takeTicket') throw new StoreError('UNAVAILABLE', 'the answer is lost');
    };
    expect((await holder.send(textFragment(session, text, 0, 13))).status).toBe(503);
    harness.sessions.hooks.after = undefined;
    expect((await holder.send(textFragment(session, text, 0, 13))).status).toBe(200);
  });

  it('is forgotten by the table without the sweep taking it for a session', () => {
    const record = removeRecord(takenTicketItem('abc', 'F0000000-7D34-4F6E-9A21-3C8D5E7F9012', 1));
    expect(expiredSessionOf(record)).toBeUndefined();
  });

  it('is one empty file as well', async () => {
    const { harness, issue } = scene();
    const holder = await issue({ singleUse: true, prefix: '/drop/', path: undefined });
    const second = await openSession(holder, '/drop/second.bin');
    const first = await openSession(holder, '/drop/first.bin');
    expect((await holder.send(closePacket(first, '/drop/first.bin'))).status).toBe(200);
    expect((await holder.send(closePacket(second, '/drop/second.bin'))).status).toBe(403);
    expect(harness.objects.object('destination', 'second.bin')).toBeUndefined();
  });
});

describe('a ticket for one upload that may overwrite', () => {
  it('was never spent, where it was shown at CREATE only and other tickets brought the bytes', async () => {
    const { harness, issue } = scene({ allowOverwrites: true });
    const [strong, plain] = [await issue({ singleUse: true, overwrite: true }), await issue()];
    for (const body of ['the first file', 'another one']) {
      const session = await openSession(strong);
      harness.objects.plant('destination', 'file.bin');
      expect((await plain.send(textFragment(session, body, 0))).status).toBe(200);
      expect((await plain.send(closePacket(session))).status).toBe(403);
      expect(harness.objects.object('destination', 'file.bin')?.body.toString()).toBe('somebody else');
    }
    const session = await openSession(strong);
    expect((await strong.send(textFragment(session, text, 0, 13))).status).toBe(200);
    expect((await plain.send(textFragment(session, text, 13))).status).toBe(200);
    expect((await plain.send(closePacket(session))).status).toBe(200);
    expect(harness.objects.object('destination', 'file.bin')?.body.toString()).toBe(text);
    expect((await strong.send(createPacket())).status).toBe(200);
    expect((await strong.send(textFragment(await openSession(strong), text, 0))).status).toBe(403);
  });
});

describe('an expired ticket beside another proof', () => {
  const late = async (access: AccessKind[]) => {
    const harness = memoryHarness({ destination: { access } });
    harness.identities = {
      ticket: ticketIdentityOf(() => harness.nowMs, key),
      basic: basicIdentityOf({ alice: 'opensesame' }),
    };
    const issue = () =>
      mintTicket(key, {
        path: '/drop/file.bin',
        principal: 'alice',
        expiresInSeconds: hour,
        nowMs: harness.nowMs,
      });
    const old = await issue();
    harness.nowMs += hour * 1_000;
    const send = (packet: TestRequest, authorization: string) =>
      harness.send(
        withHeaders({ ...packet, path: `/drop/file.bin?ticket=${old}` }, { Authorization: authorization }),
      );
    return { issue, send };
  };

  it.each([
    ['a new ticket', ['ticket'] as const],
    ['a password', ['ticket', 'basic'] as const],
    ['a password', ['basic', 'ticket'] as const],
  ])('%s, access %j: CREATE took the one and FRAGMENT the other, for ever', async (proof, access) => {
    const { issue, send } = await late([...access]);
    const authorization =
      proof === 'a password'
        ? `Basic ${Buffer.from('alice:opensesame').toString('base64')}`
        : `Bearer ${await issue()}`;
    const created = await send(createPacket(), authorization);
    expect(created.status).toBe(200);
    const session = String(created.headers['BITS-Session-Id']);
    expect((await send(textFragment(session, text, 0), authorization)).status).toBe(200);
    expect((await send(closePacket(session), authorization)).status).toBe(200);
  });
});
