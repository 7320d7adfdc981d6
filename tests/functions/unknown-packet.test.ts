import { expect, it } from 'vitest';
import { eventOf, memoryHarness } from '../support/functions-harness.ts';
import {
  closePacket,
  createPacket,
  openSession,
  pingPacket,
  textFragment,
  withHeaders,
} from '../support/packets.ts';
import { about, acks, expectAck } from './acks.ts';
import { expectUntouched, stateOf } from './state.ts';

it.each(['Resume-Session', 'Ack', 'Frag', 'Fragment2', ' ', '', 'Fragment,Fragment', 'x'.repeat(4096)])(
  'the packet type %j',
  async (type) => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    const packet = withHeaders(closePacket(session), { 'BITS-Packet-Type': type });
    await expectUntouched(harness, packet, about(acks.badRequest, session));
  },
);

it('no packet type at all', async () => {
  const harness = memoryHarness();
  const packet = withHeaders(pingPacket(), { 'BITS-Packet-Type': undefined });
  await expectUntouched(harness, packet, acks.badRequest);
});

const functions = ['ping', 'create', 'fragment', 'close', 'cancel', 'unknown'] as const;

it.each(functions)('a packet that came to the wrong function (%s) is a bad request', async (name) => {
  const harness = memoryHarness();
  const session = await openSession(harness);
  const packets = {
    ping: pingPacket(),
    create: createPacket(),
    fragment: textFragment(session, 'abc', 0),
    close: closePacket(session),
    cancel: withHeaders(closePacket(session), { 'BITS-Packet-Type': 'Cancel-Session' }),
  };
  const before = stateOf(harness);
  for (const [type, packet] of Object.entries(packets)) {
    if (type === name) continue;
    const echoed = type === 'ping' || type === 'create' ? undefined : session;
    expectAck(await harness.call(name, eventOf(packet)), about(acks.badRequest, echoed));
  }
  expect(stateOf(harness)).toEqual(before);
});
