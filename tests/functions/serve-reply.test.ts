import { describe, expect, it } from 'vitest';
import { reply } from '../../functions/reply.ts';
import type { AccessKind } from '../../lib/access/destination.ts';
import type { Identities } from '../../lib/access/identity.ts';
import { httpFunction } from '../../lib/lambda/http-handler.ts';
import type { Facts } from '../../lib/lambda/log.ts';
import type { ReplyStore, StoredReply } from '../../lib/reply/reply-store.ts';
import { toItem } from '../../lib/session/item.ts';
import type { Session } from '../../lib/session/session.ts';
import { replyKey } from '../../lib/upload/held.ts';
import { complete, publishing, receiving, stored, tombstone } from '../session/sessions.ts';
import { eventOf, testDestination } from '../support/functions-harness.ts';
import { MemorySessionStore } from '../support/memory-session-store.ts';

const token = '00112233445566778899aabbccddeeff';
const text = 'THIS-IS-THE-REPLY-OF-THE-APPLICATION-40B';
const endsAtSeconds = 1_796_000_000;
const answered = { is: 'answered', reply: { token }, publish: true, endsAtSeconds } as const;
const { sessionId } = stored;
const path = `/bits-replies/${sessionId}/${token}`;
const key = replyKey(sessionId, token);
const withReply: Session = { ...stored, place: 'holding', principal: 'anonymous', notification: answered };

interface Situation {
  readonly session?: Session;
  readonly access?: readonly AccessKind[];
  readonly enabled?: boolean;
  readonly body?: Buffer;
  readonly nowMs?: number;
  readonly remainingMs?: number;
}

/** Bob by his password, alice by a ticket. */
const identities: Identities = {
  basic: async ({ headers }) =>
    headers.get('Authorization') === 'Basic Ym9iOnBhc3M=' ? { kind: 'basic', principal: 'bob' } : undefined,
  ticket: async ({ tickets }) =>
    tickets.includes('alices') ? { kind: 'ticket', principal: 'alice' } : undefined,
};

const serverOf = (situation: Situation = {}) => {
  const sessions = new MemorySessionStore();
  const session = situation.session ?? withReply;
  sessions.items.set(session.sessionId, toItem(session));
  const body = situation.body ?? Buffer.from(text);
  const found: StoredReply = {
    sizeBytes: body.byteLength,
    etag: '"0b5e2c1a-1"',
    lastModifiedMs: Date.UTC(2025, 0, 6, 10),
  };
  const calls: string[] = [];
  const replies: ReplyStore = {
    find: async (asked) => {
      calls.push(`find ${asked}`);
      return asked === key ? found : undefined;
    },
    read: async (asked, _, { from, end }) => {
      calls.push(`read ${asked} ${from}-${end}`);
      return body.subarray(from, end);
    },
    presign: async (method, asked) => `https://s3.example/${asked}?for=${method}`,
  };
  const { access = ['none'], enabled = true } = situation;
  const lines: Facts[] = [];
  const alarms: Facts[] = [];
  const log = {
    packet: (facts: Facts) => lines.push(facts),
    alarm: (_: string, facts: Facts) => alarms.push(facts),
  };
  const composition = {
    sessions,
    replies,
    access: { destinations: [{ ...testDestination, access, enabled }], identities },
    log,
    nowMs: () => situation.nowMs ?? 1_795_000_000_000,
  };
  const serve = httpFunction('Reply', reply(composition), composition);
  return {
    sessions,
    replies,
    lines,
    alarms,
    calls,
    ask: async (method: string, asked = path, headers: Record<string, string> = {}) => {
      const event = { ...eventOf({ path: asked, headers }), httpMethod: method };
      const result = await serve(event, { getRemainingTimeInMillis: () => situation.remainingMs ?? 30_000 });
      return {
        status: result.statusCode,
        headers: result.headers ?? {},
        body: Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8').toString(),
      };
    },
  };
};

const nothing = { status: 404, headers: {}, body: '' };

describe('a reply is served', () => {
  it('whole', async () => {
    const { ask, lines } = serverOf();
    expect(await ask('GET')).toEqual({
      status: 200,
      headers: {
        'Accept-Ranges': 'bytes',
        'Last-Modified': 'Mon, 06 Jan 2025 10:00:00 GMT',
        ETag: '"0b5e2c1a-1"',
        'Content-Type': 'application/octet-stream',
      },
      body: text,
    });
    expect(lines).toMatchObject([
      { type: 'Reply', method: 'GET', session: sessionId, status: 200, bytes: 40 },
    ]);
  });

  it('in part, and past its end there is nothing', async () => {
    const { ask } = serverOf();
    expect(await ask('GET', path, { Range: 'bytes=25-39' })).toMatchObject({
      status: 206,
      headers: { 'Content-Range': 'bytes 25-39/40' },
      body: 'APPLICATION-40B',
    });
    expect(await ask('GET', path, { Range: 'bytes=40-' })).toMatchObject({
      status: 416,
      headers: { 'Content-Range': 'bytes */40' },
      body: '',
    });
  });

  it('from S3 where it is large, for the very method, and kept by nobody', async () => {
    const { ask, calls } = serverOf({ body: Buffer.alloc(700_001) });
    for (const method of ['GET', 'HEAD']) {
      expect(await ask(method)).toEqual({
        status: 302,
        headers: { Location: `https://s3.example/${key}?for=${method}`, 'Cache-Control': 'no-store' },
        body: '',
      });
    }
    expect(await ask('GET', path, { Range: 'bytes=700000-' })).toMatchObject({
      status: 206,
      headers: { 'Content-Range': 'bytes 700000-700000/700001' },
    });
    expect(calls.filter((call) => call.startsWith('read'))).toEqual([`read ${key} 700000-700001`]);
  });

  it('when it is empty', async () => {
    const { ask } = serverOf({ body: Buffer.alloc(0) });
    expect(await ask('GET')).toMatchObject({ status: 200, body: '' });
    expect(await ask('GET', path, { Range: 'bytes=0-99' })).toMatchObject({
      status: 416,
      headers: { 'Content-Range': 'bytes */0' },
    });
  });

  it.each([
    ['waits for its CLOSE', { ...withReply }],
    [
      'is being published',
      { ...publishing, place: 'holding', principal: 'anonymous', notification: answered },
    ],
    [
      'was published with the last fragment',
      { ...complete, place: 'holding', principal: 'anonymous', notification: answered },
    ],
  ] satisfies [string, Session][])('while the session %s', async (_, session) => {
    expect(await serverOf({ session }).ask('GET')).toMatchObject({ status: 200 });
  });
});

describe('nothing is there, and nothing of S3 is asked', () => {
  it.each<[string, Situation, string]>([
    ['for another token', {}, `/bits-replies/${sessionId}/${token.replace('00', 'ff')}`],
    ['for a token of another length', {}, `${path}00`],
    ['for another session', {}, path.replace('0B5E', 'FFFF')],
    ['for what is below', {}, `${path}/more`],
    ['for another path', {}, '/bits-replies/'],
    ['while bytes come in', { session: receiving }, path],
    [
      'before the application has answered',
      { session: { ...stored, notification: { is: 'due', token, endsAtSeconds } } },
      path,
    ],
    [
      'while it is asked',
      { session: { ...stored, notification: { is: 'sent', token, endsAtSeconds, leaseUntilMs: 1 } } },
      path,
    ],
    [
      'when it refused',
      { session: { ...stored, notification: { is: 'failed', status: 403, hresult: 1, endsAtSeconds } } },
      path,
    ],
    [
      'where its reply is elsewhere',
      { session: { ...stored, notification: { ...answered, reply: { url: 'https://x' } } } },
      path,
    ],
    ['without an application', { session: stored }, path],
    ['once the session is closed', { session: tombstone }, path],
    ['once its time is over', { nowMs: endsAtSeconds * 1000 }, path],
    ['where the destination is switched off', { enabled: false }, path],
    ['where the destination is gone', { session: { ...withReply, destination: '/drop/gone/' } }, path],
  ])('%s', async (_, situation, asked) => {
    const { ask, calls, alarms } = serverOf(situation);
    for (const method of ['GET', 'HEAD']) expect(await ask(method, asked)).toEqual(nothing);
    expect(calls).toEqual([]);
    expect(alarms).toEqual([]);
  });

  it('when only S3 knows that the reply is gone', async () => {
    const server = serverOf();
    server.replies.find = async () => undefined;
    expect(await server.ask('GET')).toEqual(nothing);
  });
});

describe('who asks is known as for a packet', () => {
  const bobs: Session = { ...withReply, principal: 'bob' };
  const alices: Session = { ...withReply, principal: 'alice' };
  const bobsPassword = { Authorization: 'Basic Ym9iOnBhc3M=' };

  it.each<[string, Session, readonly AccessKind[], string, Record<string, string>, number]>([
    ['Bob', bobs, ['basic'], path, bobsPassword, 200],
    ['nobody', bobs, ['basic'], path, {}, 401],
    ['Bob with a wrong password', bobs, ['basic'], path, { Authorization: 'Basic Ym9iOg==' }, 401],
    ['Bob for what is Alice’s', alices, ['basic', 'ticket'], path, bobsPassword, 404],
    ['Alice with the URL that she was given', alices, ['ticket'], path, {}, 200],
    ['Alice with her ticket', alices, ['ticket'], `${path}?ticket=alices`, {}, 200],
    ['Alice with a forged ticket', alices, ['ticket'], `${path}?ticket=forged`, {}, 401],
    ['Alice for what is Bob’s', bobs, ['basic', 'ticket'], `${path}?ticket=alices`, {}, 404],
  ])('%s', async (_, session, access, asked, headers, status) => {
    const { ask, alarms } = serverOf({ session, access });
    const answer = await ask('GET', asked, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers['WWW-Authenticate']).toBe(
      status !== 401
        ? undefined
        : access.includes('basic')
          ? 'Basic realm="uploads"'
          : 'Bearer realm="uploads"',
    );
    expect(alarms).toEqual([]);
  });

  it.each<[readonly AccessKind[], string, Record<string, string>, number]>([
    [['basic'], path, bobsPassword, 403],
    [['ticket'], path, {}, 403],
    [['ticket'], `${path}?ticket=bobs`, {}, 403],
    [['none'], path, {}, 200],
  ])('over HTTP nobody is, with access: %s', async (access, asked, headers, status) => {
    const session = access.includes('none') ? withReply : bobs;
    const { ask, calls } = serverOf({ session, access });
    const answer = await ask('GET', asked, { ...headers, 'X-Forwarded-Proto': 'http' });
    expect([answer.status, answer.headers['WWW-Authenticate']]).toEqual([status, undefined]);
    if (status === 403) expect(calls).toEqual([]);
  });

  it('and is not asked for who he is for a reply that is not there', async () => {
    const { ask } = serverOf({ session: bobs, access: ['basic'] });
    expect(await ask('GET', path.replace('ff', 'ee'))).toEqual(nothing);
  });
});

describe('a fault', () => {
  it.each(['find', 'read'] as const)(
    'of %s is 503 with an alarm, and the client comes back',
    async (call) => {
      const server = serverOf();
      Object.assign(server.replies, { [call]: () => Promise.reject(new Error('S3 does not answer')) });
      expect(await server.ask('GET')).toEqual({ status: 503, headers: {}, body: '' });
      expect(server.alarms).toMatchObject([
        { session: sessionId, status: 503, error: { message: 'S3 does not answer' } },
      ]);
    },
  );

  it('that never ends is answered before the deadline', async () => {
    const server = serverOf({ remainingMs: 800 });
    server.replies.find = () => new Promise(() => undefined);
    expect(await server.ask('GET')).toMatchObject({ status: 503 });
  });

  it('and every other line keep the token, the ticket and the credentials to themselves', async () => {
    const server = serverOf({ access: ['ticket'], session: { ...withReply, principal: 'alice' } });
    const headers = { Authorization: 'Bearer secret' };
    for (const asked of [path, `${path}?ticket=alices`]) await server.ask('GET', asked, headers);
    server.replies.find = () => Promise.reject(new Error('S3 does not answer'));
    await server.ask('GET', `${path}?ticket=alices`);
    expect(server.lines.length + server.alarms.length).toBe(3);
    expect(JSON.stringify([server.lines, server.alarms])).not.toMatch(/0011|alices|secret/);
  });
});
