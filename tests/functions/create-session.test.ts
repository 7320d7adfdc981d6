import { describe, expect, it } from 'vitest';
import { memoryHarness } from '../support/functions-harness.ts';
import { closePacket, createPacket, openSession, sendAll, withHeaders } from '../support/packets.ts';
import { acks, expectAck } from './acks.ts';
import { expectUntouched, objectText } from './state.ts';

const ours = '{7df0354d-249b-430f-820d-3d2a9bef4931}';
const other = '{00000000-0000-0000-0000-000000000001}';
const issued = '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012';

const created = {
  ...acks.ok,
  headers: {
    ...acks.ok.headers,
    'BITS-Protocol': ours,
    'BITS-Session-Id': `{${issued}}`,
    'Accept-Encoding': 'identity',
  },
};

const harnessOf = (destination = {}) => memoryHarness({ nextSessionId: () => issued, destination });

const protocolsOf = (list: string | undefined) =>
  withHeaders(createPacket(), { 'BITS-Supported-Protocols': list });

describe('K1 and K5: what is offered', () => {
  it.each([
    ['ours', ours],
    ['in capitals', ours.toUpperCase()],
    ['without braces', ours.slice(1, -1)],
    ['a list with commas', `${other},${ours}`],
    ['a list with spaces', `${other} ${ours}`],
    ['a mixed list', ` ${other} ,\t${ours} `],
    ['a list with something else in it', `bits-1.5, ${ours}`],
    ['the hundredth of a hundred', `${`${other} `.repeat(99)}${ours}`],
  ])('%s: a session', async (_, list) => {
    const harness = harnessOf();
    expectAck(await harness.send(protocolsOf(list)), created);
    expect([...harness.sessions.items.keys()]).toEqual([issued]);
    expect(harness.objects.hooks.made()).toEqual({ head: 1 });
  });

  it.each([
    ['nothing', undefined],
    ['an empty list', ''],
    ['only separators', ' ,, '],
    ['another protocol', other],
    ['half a brace', ours.slice(0, -1)],
    ['ours with more behind it', `${ours}x`],
    ['the hundred-and-first', `${`${other},`.repeat(100)}${ours}`],
  ])('%s: refused', async (_, list) => {
    await expectUntouched(harnessOf(), protocolsOf(list), acks.badRequest);
  });
});

describe('K2: what the URL names', () => {
  it.each(['/drop/', '/drop/folder/', '/drop/%2e%2e/', '/drop/folder/?x=1'])('%s', async (path) => {
    await expectUntouched(harnessOf(), createPacket(path), acks.badRequest);
  });

  it.each([
    '/drop/a/../../b',
    '/drop/%2e%2e/b',
    '/drop/a%2F..%2Fb',
    '/drop//b',
    '/drop/a%5Cb',
    '/drop/a\\b',
    '/drop/a%00b',
    '/drop/a%0Ab',
    '/drop/%',
    '/drop/%zz',
    '/drop/%C3%28',
    '/drop/a#b',
    `/drop/${'x'.repeat(1025)}`,
    'drop/file.bin',
    '',
  ])('a path that is none: %s', async (path) => {
    await expectUntouched(harnessOf(), createPacket(path), acks.badRequest);
  });

  it.each([
    ['/drop/a/b.txt', 'a/b.txt'],
    ['/drop/%C3%A4 %2B+.txt', 'ä ++.txt'],
    ['/drop/%252e%252e', '%2e%2e'],
    ['/drop/..a', '..a'],
    ['/drop/file.bin?x=1&y', 'file.bin'],
    [`/drop/${'x'.repeat(1024)}`, 'x'.repeat(1024)],
  ])('a path that is one: %s', async (path, key) => {
    const harness = harnessOf();
    expectAck(await harness.send(createPacket(path)), created);
    expect(harness.sessions.items.get(issued)?.['key']?.S).toBe(key);
  });
});

describe('K3: a destination that is taken', () => {
  it('is refused', async () => {
    const harness = harnessOf();
    harness.objects.plant('destination', 'file.bin');
    await expectUntouched(harness, createPacket(), acks.accessDenied);
  });

  it('is replaced where that is allowed, at CLOSE and not before', async () => {
    const harness = harnessOf({ allowOverwrites: true });
    harness.objects.plant('destination', 'file.bin');
    expectAck(await harness.send(createPacket()), created);
    expect(harness.objects.hooks.made()).toEqual({});
    await sendAll(harness, created.headers['BITS-Session-Id'], Buffer.from('new'), 2);
    expect(objectText(harness)).toBe('somebody else');
    await harness.send(closePacket(created.headers['BITS-Session-Id']));
    expect(objectText(harness)).toBe('new');
  });
});

describe('a CREATE-SESSION that is repeated', () => {
  it('makes another, independent session, and never hands out one twice', async () => {
    const harness = memoryHarness();
    const ids = [await openSession(harness), await openSession(harness), await openSession(harness)];
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$/);
    await sendAll(harness, ids[1] ?? '', Buffer.from('second'), 4);
    expect((await harness.send(closePacket(ids[1] ?? ''))).status).toBe(200);
    expect(objectText(harness)).toBe('second');
    // The first one met the same URL later, and may not replace what is there.
    await sendAll(harness, ids[0] ?? '', Buffer.from('first'), 5);
    expect((await harness.send(closePacket(ids[0] ?? ''))).status).toBe(403);
    expect(objectText(harness)).toBe('second');
  });

  it('has no id to repeat, whatever the packet brings', async () => {
    const harness = harnessOf();
    const packet = withHeaders(protocolsOf(other), { 'BITS-Session-Id': `{${issued}}` });
    await expectUntouched(harness, packet, acks.badRequest);
  });
});

it('a session id that is taken already is a fault, and leaves the other session alone', async () => {
  const harness = harnessOf();
  await harness.send(createPacket());
  await expectUntouched(harness, createPacket('/drop/other.bin'), acks.unavailable);
});
