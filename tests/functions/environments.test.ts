import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { memoryHarness } from '../support/functions-harness.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import {
  cancelPacket,
  closePacket,
  fragmentPacket,
  openSession,
  textFragment,
  withHeaders,
} from '../support/packets.ts';
import { about, acks, expectAck } from './acks.ts';
import { halfway, opened, sent, text } from './sessions.ts';
import { expectNothingLeft, expectUntouched, type Harness, objectText } from './state.ts';

const closeAndCompare = async (harness: Harness, session: string): Promise<void> => {
  expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
  expect(objectText(harness)).toBe(text);
  expectNothingLeft(harness);
};

describe('warm, cold and changing environments', () => {
  it('every fragment meets a new environment', async () => {
    const { harness, session } = await opened();
    for (let at = 0; at < text.length; at += 3) {
      const end = Math.min(at + 3, text.length);
      harness.coldStart();
      expectAck(await harness.send(textFragment(session, text, at, end)), about(acks.ok, session, end));
    }
    await closeAndCompare(harness, session);
  });

  it('two environments take turns', async () => {
    const { harness, session } = await opened();
    const turns = [harness, harness.anotherEnvironment()];
    for (let at = 0; at < text.length; at++) {
      const packet = textFragment(session, text, at, at + 1);
      expectAck(
        (await turns[at % 2]?.send(packet)) ?? { status: 0, reason: '', headers: {} },
        about(acks.ok, session, at + 1),
      );
    }
    await closeAndCompare(harness, session);
  });
});

it('what a part leaves over of a fragment is not written over by the next body', async () => {
  const harness = memoryHarness({ objects: new MemoryObjectStore(0), limits: { targetPartBytes: 40 } });
  const files = ['/drop/a.bin', '/drop/b.bin'].map((path) => ({ path, data: randomBytes(100) }));
  const sessions = await Promise.all(files.map(({ path }) => openSession(harness, path)));
  // A short fragment, and then longer ones: cuts and parts do not line up, as after a fragment that was too large.
  let from = 0;
  for (const end of [3, 13, 23, 33, 43, 53, 63, 73, 83, 93, 100]) {
    for (const [index, { path, data }] of files.entries()) {
      const packet = fragmentPacket(sessions[index] ?? '', from, data.subarray(from, end), 100, path);
      expect((await harness.send(packet)).headers['BITS-Received-Content-Range']).toBe(`${end}`);
    }
    from = end;
  }
  for (const [index, { path, data }] of files.entries()) {
    expect((await harness.send(closePacket(sessions[index] ?? '', path))).status).toBe(200);
    expect(harness.objects.objects.get(`destination/${path.slice('/drop/'.length)}`)?.body.equals(data)).toBe(
      true,
    );
  }
});

/** `stale` remembers the session at 13, `fresh` has taken it further. */
const staleAt13 = async () => {
  const { harness: stale, session } = await halfway();
  const fresh = stale.anotherEnvironment();
  expectAck(await fresh.send(textFragment(session, text, 13, 20)), about(acks.ok, session, 20));
  return { stale, fresh, session };
};

describe('a session that is remembered and out of date never causes a refusal', () => {
  it('what looks like a gap is the next fragment', async () => {
    const { stale, session } = await staleAt13();
    expectAck(await stale.send(textFragment(session, text, 20)), about(acks.ok, session, 26));
    await closeAndCompare(stale, session);
  });

  it('what looks new is known: the answer has the true offset, and nothing is overwritten', async () => {
    const { stale, session } = await staleAt13();
    expectAck(await stale.send(textFragment(session, text, 13, 20)), about(acks.ok, session, 20));
    expectAck(await stale.send(textFragment(session, text, 13, 16)), about(acks.ok, session, 20));
    expectAck(await stale.send(textFragment(session, text, 20)), about(acks.ok, session, 26));
    await closeAndCompare(stale, session);
  });

  it('what looks new is partly known', async () => {
    const { stale, session } = await staleAt13();
    expectAck(await stale.send(textFragment(session, text, 13)), about(acks.ok, session, 26));
    await closeAndCompare(stale, session);
  });

  it.each([
    ['a body that broke off', { 'Content-Length': '6', 'Content-Range': 'bytes 20-25/26' }, 3, acks.gap],
    ['a body that broke off, before what is known', { 'Content-Length': '13' }, 5, acks.gap],
    ['a body that is too long', { 'Content-Length': '13' }, 14, acks.badRequest],
  ])('%s is refused with the true offset', async (_, headers, bodyBytes, answer) => {
    const { stale, session } = await staleAt13();
    const body = Buffer.alloc(bodyBytes, 'x');
    const range = { 'Content-Range': 'bytes 13-25/26', ...headers };
    const packet = withHeaders(fragmentPacket(session, 13, body, 26), range);
    await expectUntouched(stale, packet, about(answer, session, 20));
  });

  it('a session that ended meanwhile is seen as ended', async () => {
    for (const end of [closePacket, cancelPacket]) {
      const { harness: stale, session } = await halfway();
      await stale.anotherEnvironment().send(end(session));
      expectAck(await stale.send(textFragment(session, text, 13)), about(acks.noSession, session));
      expect([...stale.objects.uploads.keys()]).toEqual([]);
    }
  });

  it('a file that was finished meanwhile is acknowledged', async () => {
    const { harness: stale, session } = await halfway();
    await stale.anotherEnvironment().send(textFragment(session, text, 13));
    expectAck(await stale.send(textFragment(session, text, 13)), about(acks.ok, session, 26));
    await closeAndCompare(stale, session);
  });

  it('pieces that were gathered and deleted meanwhile are no loss', async () => {
    const { harness: fresh, session } = await opened({}, { maxTailPieces: 3 });
    const stale = fresh.anotherEnvironment();
    const send = (environment: Harness, from: number, end: number) =>
      environment.send(textFragment(session, text, from, end));
    await send(fresh, 0, 1);
    await send(fresh, 1, 2);
    await send(stale, 2, 3);
    // The tail is full: three pieces become one, and the next store deletes them.
    await send(fresh, 3, 4);
    await send(fresh, 4, 5);
    expect(fresh.objects.pieces.size).toBe(2);
    // This environment remembers offset 3 and pieces that are gone.
    expectAck(await send(stale, 3, 26), about(acks.ok, session, 26));
    expect(fresh.objects.calls.getPiece).toBeGreaterThan(1);
    await closeAndCompare(stale, session);
    expect([...stale.alarms, ...fresh.alarms]).toEqual([]);
  });
});

describe('F12: a lost compare-and-swap', () => {
  it('two identical fragments at once: one writer, both answered 200 with the same offset', async () => {
    for (const [from, end] of [
      [0, 13],
      [0, 26],
    ] as const) {
      const { harness, session } = await opened();
      const other = harness.anotherEnvironment();
      const packet = textFragment(session, text, from, end);
      const answers = await Promise.all([harness.send(packet), other.send(packet)]);
      for (const answer of answers) expectAck(answer, about(acks.ok, session, end));
      expect(harness.sessions.items.get(session.slice(1, -1))?.['version']?.N).toBe('2');
      expect(harness.objects.uploads.size).toBe(end === 26 ? 1 : 0);
      if (end === 13) await harness.send(textFragment(session, text, 13));
      await closeAndCompare(harness, session);
    }
  });

  it('the same environment as well, where both invocations share what is remembered', async () => {
    const { harness, session } = await halfway();
    const packet = textFragment(session, text, 13, 20);
    const answers = await Promise.all([harness.send(packet), harness.send(packet)]);
    for (const answer of answers) expectAck(answer, about(acks.ok, session, 20));
    await harness.send(textFragment(session, text, 20));
    await closeAndCompare(harness, session);
  });

  it.each([
    [0, 10, 15],
    [0, 15, 10],
    [13, 18, 26],
    [13, 26, 18],
  ])('two cuts at once, from %i to %i and to %i: no byte is doubled or lost', async (from, one, two) => {
    const { harness, session } = from === 0 ? await opened() : await halfway();
    const other = harness.anotherEnvironment();
    const ends = [one, two];
    const answers = await Promise.all([
      harness.send(textFragment(session, text, from, one)),
      other.send(textFragment(session, text, from, two)),
    ]);
    for (const [index, answer] of answers.entries()) {
      expect(answer.status).toBe(200);
      const next = Number(answer.headers['BITS-Received-Content-Range']);
      expect(next).toBeGreaterThanOrEqual(ends[index] ?? 0);
      expect(ends).toContain(next);
    }
    const longest = Math.max(...ends);
    if (longest < 26) {
      expectAck(await harness.send(textFragment(session, text, longest)), about(acks.ok, session, 26));
    }
    await closeAndCompare(harness, session);
  });

  it('two totals at once: the first one is the total, the other a bad request', async () => {
    const { harness, session } = await opened();
    const other = harness.anotherEnvironment();
    const [one, two] = await Promise.all([
      harness.send(textFragment(session, text, 0, 10)),
      other.send(textFragment(session, `${text}!`, 0, 10)),
    ]);
    expect([one?.status, two?.status].sort()).toEqual([200, 400]);
    const refused = one?.status === 400 ? one : two;
    expectAck(refused ?? { status: 0, reason: '', headers: {} }, about(acks.badRequest, session, 10));
  });

  it('ten at once', async () => {
    const { harness, session } = await opened();
    const all = Array.from({ length: 10 }, () => harness.anotherEnvironment());
    const answers = await Promise.all(
      all.map((environment, index) => environment.send(textFragment(session, text, 0, 10 + index))),
    );
    for (const answer of answers) expect(answer.status).toBe(200);
    const next = Math.max(...answers.map(({ headers }) => Number(headers['BITS-Received-Content-Range'])));
    expect(next).toBe(19);
    await harness.send(textFragment(session, text, next));
    await closeAndCompare(harness, session);
  });

  it('a lost answer of the commit is recognised by its attempt, not taken for a loss', async () => {
    const { harness, session } = await halfway();
    const { sessions } = harness;
    const write = sessions.write.bind(sessions);
    // As the SDK does it: the call that was not answered is sent again.
    sessions.write = async (...call) => {
      await write(...call);
      return write(...call);
    };
    expectAck(await harness.send(textFragment(session, text, 13, 20)), about(acks.ok, session, 20));
    expectAck(await harness.send(textFragment(session, text, 20)), about(acks.ok, session, 26));
    await closeAndCompare(harness, session);
  });
});

it('CLOSE of a file that another environment finished', async () => {
  const { harness, session } = await sent();
  await closeAndCompare(harness.anotherEnvironment(), session);
});

describe('a commit that won, whose answer was lost until others had built on it', () => {
  /** As the SDK does it: the write happens, the answer is lost, something else happens, the write is repeated. */
  const loseAnswerUntil = (harness: Harness, meanwhile: () => Promise<unknown>): void => {
    const { sessions } = harness;
    const write = sessions.write.bind(sessions);
    sessions.write = async (session, clauses, signal) => {
      sessions.write = write;
      await write(session, clauses, signal);
      await meanwhile();
      return write(session, clauses, signal);
    };
  };

  it('the upload of a one-fragment file was aborted by the very fragment that had won it', async () => {
    const { harness, session } = await opened();
    const elsewhere = harness.anotherEnvironment();
    // The session is PUBLISHING when the repeat fails, so it does not name the attempt any more, but the upload.
    loseAnswerUntil(harness, async () => {
      harness.objects.hooks.before = ({ name }) => {
        if (name === 'completeUpload') throw new Error('not yet');
      };
      await elsewhere.send(closePacket(session));
      harness.objects.hooks.before = undefined;
    });
    expectAck(await harness.send(textFragment(session, text, 0)), about(acks.ok, session, 26));
    await closeAndCompare(harness, session);
  });

  it('the piece of a fragment was deleted by the very fragment that had staged it', async () => {
    const { harness, session } = await opened();
    const elsewhere = harness.anotherEnvironment();
    loseAnswerUntil(harness, () => elsewhere.send(textFragment(session, text, 13, 20)));
    expectAck(await harness.send(textFragment(session, text, 0, 13)), about(acks.ok, session, 20));
    harness.coldStart();
    expectAck(await harness.send(textFragment(session, text, 20)), about(acks.ok, session, 26));
    await closeAndCompare(harness, session);
  });
});
