import { afterEach, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../lib/session/store.ts';
import { ObjectStoreError } from '../../lib/upload/object-store.ts';
import { eventOf, memoryHarness, type TestRequest } from '../support/functions-harness.ts';
import { cancelPacket, closePacket, createPacket, textFragment } from '../support/packets.ts';
import { about, acks, expectAck } from './acks.ts';
import { halfway, opened, sent, text } from './sessions.ts';
import { expectNothingLeft, type Harness, objectText, stateOf } from './state.ts';

const down = {
  s3: new ObjectStoreError('UNAVAILABLE', 'down'),
  dynamodb: new StoreError('UNAVAILABLE', 'down'),
};

const breakCalls = (harness: Harness, names: readonly string[]): void => {
  harness.objects.hooks.before = ({ name }) => {
    if (names.includes(name)) throw down.s3;
  };
  harness.sessions.hooks.before = ({ name }) => {
    if (names.includes(name)) throw down.dynamodb;
  };
};

const repair = ({ objects, sessions }: Harness): void => {
  for (const { hooks } of [objects, sessions]) {
    hooks.before = undefined;
    hooks.after = undefined;
  }
};

const fragment = (session: string) => textFragment(session, text, 13, 20);
const lastFragment = (session: string) => textFragment(session, text, 13);

type Row = readonly [
  string,
  {
    stage: typeof opened;
    packet: (session: string) => TestRequest;
    broken: string;
    next?: number;
    isCold?: boolean;
  },
];

/**
 * Everything that a packet needs and may not get. `next` is what the answer must say where the session has been read; a
 * remembered one may have moved on elsewhere, and names no offset.
 */
const rows: readonly Row[] = [
  ['CREATE, HEAD', { stage: opened, packet: () => createPacket(), broken: 'head' }],
  ['CREATE, write', { stage: opened, packet: () => createPacket(), broken: 'write' }],
  ['FRAGMENT cold, read', { stage: halfway, packet: fragment, broken: 'read', isCold: true }],
  ['FRAGMENT cold, put', { stage: halfway, packet: fragment, broken: 'putPiece', next: 13, isCold: true }],
  ['FRAGMENT cold, write', { stage: halfway, packet: fragment, broken: 'write', next: 13, isCold: true }],
  [
    'last FRAGMENT cold, get',
    { stage: halfway, packet: lastFragment, broken: 'getPiece', next: 13, isCold: true },
  ],
  [
    'last FRAGMENT cold, create upload',
    { stage: halfway, packet: lastFragment, broken: 'createUpload', next: 13, isCold: true },
  ],
  ['last FRAGMENT warm, upload part', { stage: halfway, packet: lastFragment, broken: 'uploadPart' }],
  ['last FRAGMENT warm, write', { stage: halfway, packet: lastFragment, broken: 'write' }],
  ['CLOSE, read', { stage: sent, packet: closePacket, broken: 'read' }],
  ['CLOSE, list parts', { stage: sent, packet: closePacket, broken: 'listParts' }],
  ['CLOSE, HEAD', { stage: sent, packet: closePacket, broken: 'head' }],
  ['CLOSE, complete', { stage: sent, packet: closePacket, broken: 'completeUpload' }],
  ['CLOSE, write', { stage: sent, packet: closePacket, broken: 'write' }],
  ['CLOSE of an empty file, HEAD', { stage: opened, packet: closePacket, broken: 'head' }],
  ['CLOSE of an empty file, create upload', { stage: opened, packet: closePacket, broken: 'createUpload' }],
  ['CLOSE of an empty file, upload part', { stage: opened, packet: closePacket, broken: 'uploadPart' }],
  ['early CLOSE, write', { stage: halfway, packet: closePacket, broken: 'write' }],
  ['CANCEL, read', { stage: halfway, packet: cancelPacket, broken: 'read' }],
  ['CANCEL, write', { stage: halfway, packet: cancelPacket, broken: 'write' }],
];

describe('a store that is down: 503 as an Ack, an alarm, nothing published, and a repeat carries on', () => {
  it.each(rows)('%s', async (_, { stage, packet, broken, next, isCold = false }) => {
    const { harness, session } = await stage();
    if (isCold) harness.coldStart();
    breakCalls(harness, [broken]);
    const request = packet(session);
    const echoed = request.headers?.['BITS-Session-Id'];
    const before = stateOf(harness);
    for (let again = 0; again < 2; again++) {
      expectAck(await harness.send(request), about(acks.unavailable, echoed, next));
      if (isCold) harness.coldStart();
    }
    expect(harness.alarms.every(({ what }) => what === 'fault')).toBe(true);
    expect(harness.alarms).toHaveLength(2);
    expect(harness.objects.hooks.underWay + harness.sessions.hooks.underWay).toBe(0);
    const after = stateOf(harness);
    expect(after.objects).toEqual(before.objects);
    // What a packet acknowledged before is still there.
    if (stage === sent) expect(after.uploads).toEqual(before.uploads);
    else expect(after.pieces).toMatchObject(before.pieces);
    repair(harness);
    const repeated = await harness.send(request);
    const isEarly = request.headers?.['BITS-Packet-Type'] === 'Close-Session' && stage === halfway;
    expect(repeated.status).toBe(isEarly ? 400 : 200);
  });
});

describe('an answer that is lost: the work was done, and the repeat finds it', () => {
  it.each([
    ['FRAGMENT, put', halfway, fragment, 'putPiece', 20],
    ['last FRAGMENT, upload part', halfway, lastFragment, 'uploadPart', 26],
    ['FRAGMENT, write', halfway, fragment, 'write', 20],
    ['last FRAGMENT, write', halfway, lastFragment, 'write', 26],
  ] as const)('%s', async (_, stage, packet, name, next) => {
    const { harness, session } = await stage();
    harness.coldStart();
    const lose = (call: { name: string }) => {
      if (call.name === name) throw name === 'write' ? down.dynamodb : down.s3;
    };
    harness.objects.hooks.after = lose;
    harness.sessions.hooks.after = lose;
    expectAck(await harness.send(packet(session)), about(acks.unavailable, session, 13));
    repair(harness);
    expectAck(await harness.send(packet(session)), about(acks.ok, session, next));
    expectAck(await harness.send(textFragment(session, text, next - 1)), about(acks.ok, session, 26));
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
    expect(harness.objects.pieces.size).toBe(0);
  });

  it.each(['listParts', 'write', 'head', 'completeUpload'])('CLOSE, %s', async (name) => {
    const { harness, session } = await sent();
    const lose = (call: { name: string }) => {
      if (call.name === name) throw down.s3;
    };
    harness.objects.hooks.after = lose;
    harness.sessions.hooks.after = lose;
    const first = await harness.send(closePacket(session));
    // Of Complete the object itself tells that it was done.
    expectAck(first, about(name === 'completeUpload' ? acks.ok : acks.unavailable, session));
    repair(harness);
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
    expectNothingLeft(harness);
  });
});

it('a private upload whose fragment could not be stored is aborted, not left open', async () => {
  // Parts of four bytes: this fragment completes one, and stages what is left over.
  const { harness, session } = await opened({}, { targetPartBytes: 4, maxPartBytes: 4 });
  breakCalls(harness, ['putPiece']);
  expectAck(await harness.send(textFragment(session, text, 0, 6)), about(acks.unavailable, session, 0));
  expect([...harness.objects.uploads.keys()]).toEqual([]);
  repair(harness);
  expectAck(await harness.send(textFragment(session, text, 0, 6)), about(acks.ok, session, 6));
  expect(harness.objects.uploads.size).toBe(1);
});

describe('what runs in parallel has ended when the answer is given, also when the other half failed', () => {
  const slowAndBroken = (harness: Harness, slow: string, broken: string, brokenIndex?: number): void => {
    harness.objects.hooks.before = async ({ name, index }) => {
      if (name === broken && (brokenIndex === undefined || index === brokenIndex)) throw down.s3;
      if (name === slow) await new Promise((resolve) => setImmediate(resolve));
    };
  };

  it.each([
    ['CLOSE: the completion fails while staging is emptied', sent, closePacket, 'listPieces', 'head', 503],
    [
      'CANCEL: the abort fails while staging is emptied',
      sent,
      cancelPacket,
      'listPieces',
      'abortUpload',
      200,
    ],
  ] as const)('%s', async (_, stage, packet, slow, broken, status) => {
    const { harness, session } = await stage();
    slowAndBroken(harness, slow, broken);
    expect((await harness.send(packet(session))).status).toBe(status);
    expect(harness.objects.calls[slow]).toBe(1);
    expect(harness.objects.hooks.underWay).toBe(0);
  });

  it('FRAGMENT: one piece cannot be read while another is', async () => {
    const { harness, session } = await halfway();
    await harness.send(fragment(session));
    harness.coldStart();
    slowAndBroken(harness, 'getPiece', 'getPiece', 0);
    const answer = await harness.send(textFragment(session, text, 20));
    expectAck(answer, about(acks.unavailable, session, 20));
    expect(harness.objects.calls.getPiece).toBe(2);
    expect(harness.objects.hooks.underWay).toBe(0);
  });

  it('FRAGMENT: what is left over cannot be staged while its part is uploaded', async () => {
    const { harness, session } = await opened({}, { targetPartBytes: 4, maxPartBytes: 4 });
    slowAndBroken(harness, 'uploadPart', 'putPiece');
    await harness.send(textFragment(session, text, 0, 6));
    expect(harness.objects.hooks.underWay).toBe(0);
    expect(harness.objects.uploads.size).toBe(0);
  });

  it('FRAGMENT: the store fails while old pieces are deleted', async () => {
    const { harness, session } = await opened({}, { targetPartBytes: 8, maxPartBytes: 8 });
    for (const [from, end] of [
      [0, 4],
      [4, 8],
    ] as const)
      await harness.send(textFragment(session, text, from, end));
    slowAndBroken(harness, 'deletePieces', 'putPiece');
    await harness.send(textFragment(session, text, 8, 10));
    expect(harness.objects.calls.deletePieces).toBe(1);
    expect(harness.objects.hooks.underWay).toBe(0);
  });
});

describe('the deadline', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Calls that hang until they are told to give up, as a stalled connection does. */
  const hang = (harness: Harness, name: string): void => {
    const stall = (call: { name: string; signal: AbortSignal | undefined }) =>
      call.name === name
        ? new Promise<void>((resolve) => call.signal?.addEventListener('abort', () => resolve()))
        : undefined;
    harness.objects.hooks.before = stall;
    harness.sessions.hooks.before = stall;
  };

  it.each([
    ['CREATE', opened, () => createPacket(), 'head', undefined],
    ['FRAGMENT', halfway, fragment, 'putPiece', 13],
    ['FRAGMENT, commit', halfway, fragment, 'write', 13],
    ['last FRAGMENT', halfway, lastFragment, 'uploadPart', 13],
    ['CLOSE', sent, closePacket, 'completeUpload', undefined],
    ['CLOSE, staging', sent, closePacket, 'listPieces', undefined],
    ['CANCEL', halfway, cancelPacket, 'write', undefined],
  ] as const)(
    '%s: 503 shortly before it, and nothing is left running',
    async (_, stage, packet, name, next) => {
      const { harness, session } = await stage();
      harness.coldStart();
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      hang(harness, name);
      const request = packet(session);
      let answer: Awaited<ReturnType<Harness['send']>> | undefined;
      const sending = harness.send(request).then((response) => {
        answer = response;
      });
      await vi.advanceTimersByTimeAsync(58_499);
      expect(answer).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      await sending;
      expectAck(
        answer ?? { status: 0, reason: '', headers: {} },
        about(acks.unavailable, request.headers?.['BITS-Session-Id'], next),
      );
      expect(harness.objects.hooks.underWay + harness.sessions.hooks.underWay).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
      vi.useRealTimers();
      repair(harness);
      harness.nowMs += 60_000;
      expect((await harness.send(request)).status).toBe(200);
    },
  );

  it('work that does not listen is answered for all the same', async () => {
    const { harness, session } = await halfway();
    harness.coldStart();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    harness.objects.hooks.before = () => new Promise<void>(() => undefined);
    const sending = harness.send(fragment(session));
    await vi.advanceTimersByTimeAsync(59_250);
    expectAck(await sending, about(acks.unavailable, session, 13));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('an invocation that begins with no time left is answered at once', async () => {
    const { harness, session } = await halfway();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    harness.objects.hooks.before = () => new Promise<void>(() => undefined);
    const context = { getRemainingTimeInMillis: () => 0 };
    const sending = harness.lambda('fragment')(eventOf(fragment(session)), context);
    await vi.advanceTimersByTimeAsync(0);
    expect(await sending).toMatchObject({ statusCode: 503, headers: { 'BITS-Packet-Type': 'Ack' } });
  });
});

it('a 503 from a remembered session named an offset that another environment had passed', async () => {
  const { harness, session } = await halfway();
  const elsewhere = memoryHarness({ sessions: harness.sessions, objects: harness.objects });
  elsewhere.nowMs = harness.nowMs;
  expectAck(await elsewhere.send(fragment(session)), about(acks.ok, session, 20));
  breakCalls(harness, ['putPiece']);
  expectAck(await harness.send(textFragment(session, text, 13, 25)), about(acks.unavailable, session));
});
