import { describe, expect, it } from 'vitest';
import type { ResolvedDestination } from '../../lib/access/destination.ts';
import { StoreError } from '../../lib/session/store.ts';
import { memoryHarness, type TestRequest } from '../support/functions-harness.ts';
import {
  cancelPacket,
  closePacket,
  createPacket,
  fragmentPacket,
  openSession,
  textFragment,
  withHeaders,
} from '../support/packets.ts';
import { replyHarness } from './reply-harness.ts';
import { text } from './sessions.ts';
import { sessionStates } from './state.ts';

/** Says who it is in a header: how that comes about is another test's business. */
const as = (name: string, packet: TestRequest): TestRequest => withHeaders(packet, { 'X-Test-Name': name });

const limited = (limits: Partial<ResolvedDestination>) => {
  const harness = memoryHarness({
    destination: { access: ['basic'], ...limits },
    identities: {
      basic: async ({ headers }) => ({ kind: 'basic', principal: headers.get('X-Test-Name') ?? 'alice' }),
    },
  });
  let files = 0;
  const path = () => `/drop/${++files}.txt`;
  /** A session with the first byte of a file. */
  const begin = async (total = 10) => {
    const at = path();
    const session = await openSession(harness, at);
    expect((await harness.send(fragmentPacket(session, 0, Buffer.from('x'), total, at))).status).toBe(200);
    return { session, at };
  };
  const calls = async (packet: TestRequest, status = 200) => {
    harness.sessions.hooks.reset();
    harness.objects.hooks.reset();
    expect((await harness.send(packet)).status).toBe(status);
    return { ...harness.sessions.hooks.made(), ...harness.objects.hooks.made() };
  };
  return { harness, path, begin, calls };
};

describe('sessionsPerPrincipal', () => {
  it('lets nobody begin one session more: 503 at CREATE, and room again after each kind of end', async () => {
    const { harness, begin, path } = limited({ sessionsPerPrincipal: 3 });
    const [first, second, third] = [await begin(1), await begin(), await begin()];
    const refused = await harness.send(createPacket(path()));
    expect(refused).toMatchObject({ status: 503, headers: { 'BITS-Packet-Type': 'Ack' } });
    expect(Object.keys(refused.headers)).not.toContain('BITS-Error');
    await harness.send(closePacket(first.session, first.at));
    await begin();
    expect((await harness.send(createPacket(path()))).status).toBe(503);
    await harness.send(cancelPacket(second.session, second.at));
    await begin();
    expect((await harness.send(createPacket(path()))).status).toBe(503);
    await harness.send(closePacket(third.session, third.at));
    await begin();
  });

  it('files that their application refused, or failed for good, kept their principal out until their sessions ended', async () => {
    const { harness, script } = replyHarness(
      { access: ['basic'], sessionsPerPrincipal: 2 },
      { identities: { basic: async () => ({ kind: 'basic', principal: 'fleet' }) } },
    );
    for (const [name, status] of Object.entries({ refused: 403, misled: 404, malformed: 204 })) {
      script.push({ status });
      const session = await openSession(harness, `/drop/${name}.bin`);
      const sent = await harness.send(textFragment(session, text, 0, 26, `/drop/${name}.bin`));
      expect(sent.status).not.toBe(200);
    }
    expect(sessionStates(harness)).toEqual(['stored', 'stored', 'stored']);
    expect((await harness.send(createPacket('/drop/next.bin'))).status).toBe(200);
  });

  it('is counted for each principal', async () => {
    const { harness, begin, path } = limited({ sessionsPerPrincipal: 1 });
    await begin();
    expect((await harness.send(createPacket(path()))).status).toBe(503);
    expect((await harness.send(as('bob', createPacket(path())))).status).toBe(200);
  });

  it('cannot be walked around by sessions without a byte: they do not count, and their first fragments do', async () => {
    const { harness, path } = limited({ sessionsPerPrincipal: 2 });
    const sessions = [];
    for (let count = 0; count < 5; count++) {
      const at = path();
      sessions.push({ at, id: await openSession(harness, at) });
    }
    const statuses = [];
    for (const { at, id } of sessions)
      statuses.push((await harness.send(textFragment(id, 'text', 0, 1, at))).status);
    expect(statuses).toEqual([200, 200, 503, 503, 503]);
    // Nothing was kept of the bytes that found no room, and the session waits for them.
    expect(harness.objects.pieces.size).toBe(2);
    await harness.send(cancelPacket(sessions[0]?.id ?? '', sessions[0]?.at));
    const { at, id } = sessions[4] ?? { at: '', id: '' };
    expect((await harness.send(textFragment(id, 'text', 0, 4, at))).status).toBe(200);
  });

  it('a doubled first fragment does not count its own session', async () => {
    const { harness, path } = limited({ sessionsPerPrincipal: 1, openBytesPerPrincipal: 10 });
    const at = path();
    const session = await openSession(harness, at);
    const first = fragmentPacket(session, 0, Buffer.from('x'), 10, at);
    let twin: number | undefined;
    harness.sessions.hooks.before = async ({ name }) => {
      if (name !== 'openSessions') return;
      harness.sessions.hooks.before = undefined;
      twin = (await harness.send(first)).status;
    };
    const second = await harness.send(first);
    expect([twin, second.status]).toEqual([200, 200]);
    expect(second.headers['BITS-Received-Content-Range']).toBe('1');
  });

  it('never stops a session that has begun', async () => {
    const { harness, begin } = limited({ sessionsPerPrincipal: 2 });
    const { session, at } = await begin();
    await begin();
    harness.destinations = harness.destinations.map((one) => ({ ...one, sessionsPerPrincipal: 1 }));
    harness.coldStart();
    const rest = fragmentPacket(session, 1, Buffer.alloc(9), 10, at);
    expect((await harness.send(rest)).status).toBe(200);
    expect((await harness.send(closePacket(session, at))).status).toBe(200);
  });

  it('a refusal is no fault of ours: a line in the log, no alarm', async () => {
    const { harness, begin, path } = limited({ sessionsPerPrincipal: 1 });
    await begin();
    await harness.send(createPacket(path()));
    expect(harness.alarms).toEqual([]);
    expect(harness.packets.at(-1)).toMatchObject({ status: 503, code: 'LIMIT_REACHED', principal: 'alice' });
  });

  it('where the table does not answer, nobody is let in', async () => {
    const { harness, path } = limited({ sessionsPerPrincipal: 1 });
    harness.sessions.hooks.before = ({ name }) => {
      if (name === 'openSessions') throw new StoreError('UNAVAILABLE', 'throttled');
    };
    expect((await harness.send(createPacket(path()))).status).toBe(503);
    expect(harness.sessions.items.size).toBe(0);
  });
});

describe('openBytesPerPrincipal', () => {
  it('is reserved by the totals that first fragments announce', async () => {
    const { harness, begin, path } = limited({ openBytesPerPrincipal: 100 });
    const { session, at } = await begin(60);
    await begin(40);
    const next = path();
    const waiting = await openSession(harness, next);
    const fragment = fragmentPacket(waiting, 0, Buffer.from('x'), 1, next);
    expect((await harness.send(fragment)).status).toBe(503);
    await harness.send(cancelPacket(session, at));
    expect((await harness.send(fragment)).status).toBe(200);
  });
});

describe('what limits cost', () => {
  it('one query at CREATE, one at the first fragment, none later', async () => {
    const { harness, path, calls } = limited({ sessionsPerPrincipal: 10, openBytesPerPrincipal: 1_000 });
    const at = path();
    expect(await calls(createPacket(at))).toEqual({ openSessions: 1, head: 1, write: 1 });
    const session = await openSession(harness, at);
    const fragment = (from: number) => fragmentPacket(session, from, Buffer.from('x'), 10, at);
    expect(await calls(fragment(0))).toEqual({ read: 1, openSessions: 1, putPiece: 1, write: 1 });
    expect(await calls(fragment(1))).toEqual({ putPiece: 1, write: 1 });
    harness.coldStart();
    expect(await calls(fragment(2))).toEqual({ read: 1, putPiece: 1, write: 1 });
  });

  it('a second query, a moment later, before anyone is sent away', async () => {
    const { harness, begin, path, calls } = limited({ sessionsPerPrincipal: 1 });
    await begin();
    const startedAtMs = harness.nowMs;
    expect(await calls(createPacket(path()), 503)).toEqual({ openSessions: 2, head: 1 });
    expect(harness.nowMs - startedAtMs).toBe(500);
  });

  it('an index that is behind by a moment sends nobody away', async () => {
    const { harness, begin, path } = limited({ sessionsPerPrincipal: 1 });
    const { session, at } = await begin();
    const before = [...harness.sessions.items];
    await harness.send(cancelPacket(session, at));
    const after = [...harness.sessions.items];
    const reset = (items: typeof before) => {
      for (const [id, item] of items) harness.sessions.items.set(id, item);
    };
    reset(before);
    harness.sessions.hooks.after = ({ name }) => {
      if (name === 'openSessions') reset(after);
    };
    expect((await harness.send(createPacket(path()))).status).toBe(200);
  });

  it('nothing where there is no limit', async () => {
    const { path, calls } = limited({});
    expect(await calls(createPacket(path()))).toEqual({ head: 1, write: 1 });
  });
});

describe('callers without credentials', () => {
  it('are nobody, whose sessions are not counted', async () => {
    const harness = memoryHarness({ destination: { sessionsPerPrincipal: 1, openBytesPerPrincipal: 1 } });
    for (let count = 0; count < 3; count++) {
      const at = `/drop/${count}`;
      const session = await openSession(harness, at);
      expect((await harness.send(textFragment(session, 'text', 0, 1, at))).status).toBe(200);
    }
    expect(harness.sessions.calls.openSessions).toBe(0);
  });
});
