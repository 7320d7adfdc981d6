import { describe, expect, it } from 'vitest';
import { memoryHarness, type TestRequest } from '../support/functions-harness.ts';
import { closePacket, fragmentPacket, openSession, textFragment, withHeaders } from '../support/packets.ts';
import { about, acks, type ExpectedAck, expectAck } from './acks.ts';
import { expectNothingLeft, expectUntouched, type Harness, objectText } from './state.ts';

const bytes = Buffer.from(Array.from({ length: 200 }, (_, index) => index));

/** A fragment as its Content-Range says it, ends inclusive, with a body of exactly that length. */
const ranged = (session: string, range: string, length: number, at = 0): TestRequest =>
  withHeaders(fragmentPacket(session, 0, bytes.subarray(at, at + length), 200), { 'Content-Range': range });

/** 101 of 200 bytes are known. */
const known101 = async (destination = {}): Promise<{ harness: Harness; session: string }> => {
  const harness = memoryHarness({ destination });
  const session = await openSession(harness);
  expectAck(
    await harness.send(fragmentPacket(session, 0, bytes.subarray(0, 101), 200)),
    about(acks.ok, session, 101),
  );
  return { harness, session };
};

const finishAndCompare = async (harness: Harness, session: string): Promise<void> => {
  await harness.send(fragmentPacket(session, 0, bytes, 200));
  expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
  expect(harness.objects.object('destination', 'file.bin')?.body.equals(bytes)).toBe(true);
  expectNothingLeft(harness);
};

describe('the worked decisions: 101 of 200 bytes are known', () => {
  it.each([
    [101, 150, 151],
    [101, 199, 200],
    [50, 150, 151],
    [0, 199, 200],
    [100, 101, 102],
    [101, 101, 102],
  ])('%i-%i is stored, its new bytes only: next is %i', async (first, last, next) => {
    const { harness, session } = await known101();
    // What is known already may come with other bytes the second time: the stored ones stay.
    const body = Buffer.concat([Buffer.alloc(101 - first, 0xff), bytes.subarray(101, last + 1)]);
    expectAck(await harness.send(fragmentPacket(session, first, body, 200)), about(acks.ok, session, next));
    await finishAndCompare(harness, session);
  });

  it.each([
    [0, 100, acks.ok],
    [0, 50, acks.ok],
    [100, 100, acks.ok],
    [102, 150, acks.gap],
    [150, 199, acks.gap],
    [199, 199, acks.gap],
  ])('%i-%i stores nothing', async (first, last, answer) => {
    const { harness, session } = await known101();
    const packet = ranged(session, `bytes ${first}-${last}/200`, last - first + 1);
    await expectUntouched(harness, packet, about(answer, session, 101));
    await finishAndCompare(harness, session);
  });
});

const limits = { maximumUploadBytes: 1000, fragmentLimitBytes: 50 };

/** Refused without a change; top to bottom, so that a packet with two faults shows which one comes first. */
const refusals: readonly [string, (session: string) => TestRequest, ExpectedAck][] = [
  [
    'F1: no Content-Range',
    (s) => withHeaders(ranged(s, '', 10), { 'Content-Range': undefined }),
    acks.badRequest,
  ],
  ...[
    '',
    'bytes',
    'bytes 101-110',
    'bytes 101-110/',
    'bytes 101-110/*',
    'bytes */200',
    'bytes 101-/200',
    'bytes -110/200',
    'bytes 101/200',
    'bytes=101-110/200',
    'octets 101-110/200',
    'bytes 110-101/200',
    'bytes 150-200/200',
    'bytes 101-110/110',
    'bytes 1e2-110/200',
    'bytes +101-110/200',
    'bytes 0x65-110/200',
    'bytes 101-110/200, 111-120/200',
    'bytes 101-110/200x',
    'bytes 101-123456789012345678901/123456789012345678902',
  ].map((range): [string, (session: string) => TestRequest, ExpectedAck] => [
    `F1: "${range}"`,
    (session) => ranged(session, range, 10),
    acks.badRequest,
  ]),
  ['F2: a body longer than the range', (s) => ranged(s, 'bytes 101-110/200', 11), acks.badRequest],
  ['F2: a body shorter than the range', (s) => ranged(s, 'bytes 101-110/200', 9), acks.badRequest],
  ['F2: no body', (s) => ranged(s, 'bytes 101-110/200', 0), acks.badRequest],
  ['F2 before F3', (s) => ranged(s, 'bytes 101-110/5000', 9), acks.badRequest],
  ['F3: a total above maximumUploadSize', (s) => ranged(s, 'bytes 101-110/1001', 10), acks.entityTooLarge],
  ['F3: no number holds it', (s) => ranged(s, 'bytes 101-110/9007199254740993', 10), acks.entityTooLarge],
  ['F3: 64 bits', (s) => ranged(s, 'bytes 101-110/18446744073709551615', 10), acks.entityTooLarge],
  [
    'F3 before F5',
    (s) => withHeaders(ranged(s, 'bytes 101-110/1001', 10), { 'Content-Encoding': 'gzip' }),
    acks.entityTooLarge,
  ],
  ['F4: the total grew', (s) => ranged(s, 'bytes 101-110/201', 10), acks.badRequest],
  ['F4: the total shrank', (s) => ranged(s, 'bytes 101-110/199', 10), acks.badRequest],
  [
    'F4: maximumUploadSize itself is not too large',
    (s) => ranged(s, 'bytes 101-110/1000', 10),
    acks.badRequest,
  ],
  ['F4 before F6', (s) => ranged(s, 'bytes 101-160/201', 60), acks.badRequest],
  ...['gzip', 'identity, gzip', 'deflate', '*'].map(
    (encoding): [string, (session: string) => TestRequest, ExpectedAck] => [
      `F5: Content-Encoding ${encoding}`,
      (s) => withHeaders(ranged(s, 'bytes 101-110/200', 10), { 'Content-Encoding': encoding }),
      acks.badRequest,
    ],
  ),
  [
    'F5 before F6',
    (s) => withHeaders(ranged(s, 'bytes 101-160/200', 60), { 'Content-Encoding': 'br' }),
    acks.badRequest,
  ],
  ['F6: fragmentLimit + 1', (s) => ranged(s, 'bytes 101-151/200', 51), acks.fragmentTooLarge],
  ['F6 before F8', (s) => ranged(s, 'bytes 110-160/200', 51), acks.fragmentTooLarge],
  ['F6 before F9', (s) => ranged(s, 'bytes 0-50/200', 51), acks.fragmentTooLarge],
  ['Z1 on a session that knows another total', (s) => ranged(s, 'bytes */0', 0), acks.badRequest],
];

describe('refusals carry the offset and change nothing', () => {
  it.each(refusals)('%s', async (_, packet, answer) => {
    const { harness, session } = await known101();
    harness.destinations = harness.destinations.map((known) => ({ ...known, ...limits }));
    for (const isCold of [false, true]) {
      if (isCold) harness.coldStart();
      await expectUntouched(harness, packet(session), about(answer, session, 101));
    }
  });

  it('the first fragment of a session as well: nothing of it is fixed', async () => {
    const harness = memoryHarness({ destination: limits });
    const session = await openSession(harness);
    for (const [range, length, answer] of [
      ['bytes 10-19/200', 10, acks.gap],
      ['bytes 0-9/1001', 10, acks.entityTooLarge],
      ['bytes 0-50/300', 51, acks.fragmentTooLarge],
      ['bytes 0-9/*', 10, acks.badRequest],
    ] as const) {
      await expectUntouched(harness, ranged(session, range, length), about(answer, session, 0));
    }
    const whole = await harness.send(ranged(session, 'bytes 0-49/50', 50));
    expectAck(whole, about(acks.ok, session, 50));
  });
});

describe('spellings of a good fragment', () => {
  it.each([
    'bytes 101-110/200',
    'Bytes 101-110/200',
    'BYTES   101 - 110 / 200',
    'bytes 000101-0110/00200',
    '  bytes 101-110/200  ',
  ])('Content-Range: %s', async (range) => {
    const { harness, session } = await known101();
    expectAck(await harness.send(ranged(session, range, 10, 101)), about(acks.ok, session, 111));
    await finishAndCompare(harness, session);
  });

  it.each([
    [(id: string) => id.toLowerCase()],
    [(id: string) => id.slice(1, -1)],
    [(id: string) => id.slice(1, -1).toLowerCase()],
  ])('a session id in another spelling is the same session, and is repeated as it came', async (spell) => {
    const { harness, session } = await known101();
    const spelled = spell(session);
    const fragment = ranged(spelled, 'bytes 101-110/200', 10, 101);
    expectAck(await harness.send(fragment), about(acks.ok, spelled, 111));
  });

  it.each([
    { 'BITS-Packet-Type': 'FRAgmENT' },
    { 'Content-Encoding': 'Identity' },
    { 'Content-Name': undefined },
    { 'Content-Name': 'C:\\temp\\ä.bin' },
  ])('%j', async (headers) => {
    const { harness, session } = await known101();
    const fragment = withHeaders(ranged(session, 'bytes 101-110/200', 10, 101), headers);
    expectAck(await harness.send(fragment), about(acks.ok, session, 111));
  });
});

describe('F10: a body that broke off', () => {
  it.each([
    ['nothing of it came', 0],
    ['half of it came', 25],
    ['one byte is missing', 49],
  ])('%s: nothing is acknowledged, nothing stored', async (_, came) => {
    const { harness, session } = await known101();
    const fragment = withHeaders(ranged(session, 'bytes 101-150/200', came, 101), { 'Content-Length': '50' });
    await expectUntouched(harness, fragment, about(acks.gap, session, 101));
    await finishAndCompare(harness, session);
  });

  it('one that is longer than its Content-Length is a bad request', async () => {
    const { harness, session } = await known101();
    const fragment = withHeaders(ranged(session, 'bytes 101-150/200', 51, 101), { 'Content-Length': '50' });
    await expectUntouched(harness, fragment, about(acks.badRequest, session, 101));
  });

  it('of bytes that are known nobody reads the body', async () => {
    const { harness, session } = await known101();
    const fragment = withHeaders(ranged(session, 'bytes 0-49/200', 20), { 'Content-Length': '50' });
    await expectUntouched(harness, fragment, about(acks.ok, session, 101));
  });
});

describe('F13 and F14 with publishOn close-session', () => {
  const text = 'abcdefghijklmnopqrstuvwxyz';

  it('the last fragment is acknowledged, three times, and nothing is published before CLOSE', async () => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    expectAck(await harness.send(textFragment(session, text, 0, 13)), about(acks.ok, session, 13));
    expectAck(await harness.send(textFragment(session, text, 13)), about(acks.ok, session, 26));
    for (let again = 0; again < 3; again++) {
      await expectUntouched(harness, textFragment(session, text, 13), about(acks.ok, session, 26));
      harness.coldStart();
    }
    expect(objectText(harness)).toBeUndefined();
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
    expectNothingLeft(harness);
  });

  it.each([
    ['another total', (s: string) => textFragment(s, `${text}!`, 13), acks.badRequest],
    ['a gap in a file of another size', (s: string) => textFragment(s, `${text}!`, 26), acks.badRequest],
    [
      'no range',
      (s: string) => withHeaders(textFragment(s, text, 13), { 'Content-Range': 'x' }),
      acks.badRequest,
    ],
  ])('a complete session still judges the packet: %s', async (_, packet, answer) => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    await harness.send(textFragment(session, text, 0));
    await expectUntouched(harness, packet(session), about(answer, session, 26));
  });
});
