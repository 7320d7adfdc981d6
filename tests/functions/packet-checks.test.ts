import { describe, it } from 'vitest';
import { memoryHarness, type TestRequest } from '../support/functions-harness.ts';
import {
  cancelPacket,
  closePacket,
  createPacket,
  openSession,
  pingPacket,
  textFragment,
  withHeaders,
} from '../support/packets.ts';
import { about, acks, type ExpectedAck } from './acks.ts';
import { expectUntouched, type Harness } from './state.ts';

const text = 'abcdefghijklmnopqrstuvwxyz';

const packets: Readonly<Record<string, (session: string, path?: string) => TestRequest>> = {
  PING: (_, path) => pingPacket(path),
  'CREATE-SESSION': (_, path) => createPacket(path),
  FRAGMENT: (session, path) => textFragment(session, text, 13, 26, path),
  'CLOSE-SESSION': closePacket,
  'CANCEL-SESSION': cancelPacket,
  'an unknown packet': (session, path) =>
    withHeaders(closePacket(session, path), { 'BITS-Packet-Type': 'Resume-Session' }),
};

const echoes = (name: string): boolean => name !== 'PING' && name !== 'CREATE-SESSION';

/** A session with half of its bytes, so that a packet that got through would do something. */
const halfway = async (harness: Harness): Promise<string> => {
  const session = await openSession(harness);
  await harness.send(textFragment(session, text, 0, 13));
  return session;
};

/** Rows C1 to C7 as every packet meets them. Each changes one thing about a packet that is right otherwise. */
const rows: readonly {
  readonly row: string;
  readonly change: (request: TestRequest) => TestRequest;
  readonly answer: ExpectedAck;
  readonly path?: string;
  readonly only?: readonly string[];
}[] = [
  ...['GET', 'POST', 'PUT', 'bits_post', ''].map((method) => ({
    row: `C1: method "${method}"`,
    change: (request: TestRequest) => ({ ...request, method }),
    answer: acks.wrongMethod,
  })),
  {
    row: 'C3: a URL of no destination',
    change: (r) => r,
    path: '/elsewhere/file.bin',
    answer: acks.disabled,
  },
  { row: 'C3: a prefix in another case', change: (r) => r, path: '/Drop/file.bin', answer: acks.disabled },
  { row: 'C4: a BITS-* value of 4,097 bytes', change: long('BITS-Odd', 4097), answer: acks.badRequest },
  {
    row: 'C4: a Content-* value of 4,097 bytes',
    change: long('Content-Name', 4097),
    answer: acks.badRequest,
  },
  { row: 'C6: no Content-Length', change: without('Content-Length'), answer: acks.badRequest },
  ...['', '-1', '+0', '0x0', '1e1', '0.0', '12, 12', 'many', '123456789012345678901'].map((value) => ({
    row: `C6: Content-Length "${value}"`,
    change: (request: TestRequest) => withHeaders(request, { 'Content-Length': value }),
    answer: acks.badRequest,
  })),
  {
    row: 'C7: a body',
    change: (request) => ({ ...request, body: Buffer.from('x') }),
    answer: acks.badRequest,
    only: ['PING', 'CREATE-SESSION', 'CLOSE-SESSION', 'CANCEL-SESSION'],
  },
  {
    row: 'C9: no session id',
    change: without('BITS-Session-Id'),
    answer: acks.badRequest,
    only: ['FRAGMENT', 'CLOSE-SESSION', 'CANCEL-SESSION'],
  },
];

function long(name: string, length: number) {
  return (request: TestRequest) => withHeaders(request, { [name]: 'x'.repeat(length) });
}

function without(name: string) {
  return (request: TestRequest) => withHeaders(request, { [name]: undefined });
}

describe.each(Object.entries(packets))('%s: the checks that every packet passes', (name, packet) => {
  for (const { row, change, answer, path, only } of rows) {
    if (only?.includes(name) === false) continue;
    it(row, async () => {
      const harness = memoryHarness();
      const session = await halfway(harness);
      const request = change(packet(session, path));
      const echoed = echoes(name) ? request.headers?.['BITS-Session-Id'] : undefined;
      await expectUntouched(harness, request, about(answer, echoed));
    });
  }

  it('C3: a destination that is not enabled', async () => {
    const harness = memoryHarness();
    const session = await halfway(harness);
    harness.destinations = harness.destinations.map((known) => ({ ...known, enabled: false }));
    await expectUntouched(harness, packet(session), about(acks.disabled, echoes(name) ? session : undefined));
  });

  if (name === 'CREATE-SESSION') return;
  // An unknown session in place of the known one: the packet gets through the checks and still changes nothing.
  it('C4: 4,096 bytes pass in a Content-* header, and any length in a header of others', async () => {
    const harness = memoryHarness();
    const unknown = '{00000000-0000-4000-8000-000000000000}';
    const passed = name.startsWith('an unknown') ? acks.badRequest : echoes(name) ? acks.noSession : acks.ok;
    const longest = { 'Content-Name': 'x'.repeat(4096), Authorization: 'x'.repeat(10_000) };
    const answer = about(passed, echoes(name) ? unknown : undefined);
    await expectUntouched(harness, withHeaders(packet(unknown), longest), answer);
  });
});

describe('C10: who may not see a session sees none', () => {
  const strangers: readonly [string, (session: string) => string, string?][] = [
    ['an id that was never issued', () => '{00000000-0000-4000-8000-000000000000}'],
    ['an id that is no GUID', () => 'session-7'],
    ['half a pair of braces', (session) => session.slice(1)],
    ['100 odd characters', () => '~'.repeat(100)],
    ['another file', (session) => session, '/drop/other.bin'],
    ['the same file with a query', (session) => session, '/drop/file.bin?x=1'],
    ['an escaped reserved character', (session) => session, '/drop/file%2Cbin'],
    ['another letter case', (session) => session, '/drop/FILE.bin'],
  ];
  const sessionPackets = ['FRAGMENT', 'CLOSE-SESSION', 'CANCEL-SESSION'];
  for (const [name, packet] of Object.entries(packets)) {
    if (!sessionPackets.includes(name)) continue;
    it.each(strangers)(`${name}: %s`, async (_, idOf, path) => {
      const harness = memoryHarness();
      const sent = idOf(await halfway(harness));
      await expectUntouched(harness, packet(sent, path), about(acks.noSession, sent));
    });

    it(`${name}: an id that may not be repeated in a header is left out of the answer`, async () => {
      const harness = memoryHarness();
      await halfway(harness);
      await expectUntouched(harness, packet('~'.repeat(101)), acks.noSession);
      await expectUntouched(harness, packet('two words'), acks.noSession);
    });
  }
});
