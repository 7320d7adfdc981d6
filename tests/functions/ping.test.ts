import { expect, it } from 'vitest';
import { memoryHarness } from '../support/functions-harness.ts';
import { pingPacket, withHeaders } from '../support/packets.ts';
import { about, acks } from './acks.ts';
import { expectUntouched } from './state.ts';

const unknown = '{00000000-0000-4000-8000-000000000000}';

it.each([
  ['as Windows sends it', '/drop/file.bin', {}],
  ['to a directory', '/drop/', {}],
  ['to a place that nobody may write to', '/drop/a/../b', {}, acks.badRequest],
  ['in capitals', '/drop/file.bin', { 'BITS-Packet-Type': 'PING' }],
  ['in odd letters', '/drop/file.bin', { 'BITS-Packet-Type': 'pINg' }],
  ['without Accept and User-Agent', '/drop/file.bin', { Accept: undefined, 'User-Agent': undefined }],
  ['with headers of the caller', '/drop/file.bin', { 'X-Custom': 'y'.repeat(16_000) }],
])('a PING %s', async (_, path, headers, answer = acks.ok) => {
  const harness = memoryHarness();
  await expectUntouched(harness, withHeaders(pingPacket(path), headers), answer);
});

it('a PING with a session id is answered without a look at the session, and repeats the id', async () => {
  const harness = memoryHarness();
  const packet = withHeaders(pingPacket(), { 'BITS-Session-Id': unknown });
  await expectUntouched(harness, packet, about(acks.ok, unknown));
  expect(harness.sessions.hooks.made()).toEqual({});
  expect(harness.objects.hooks.made()).toEqual({});
});

it('a PING of a URL that is taken is still answered 200: whether it may be replaced is decided at CREATE', async () => {
  const harness = memoryHarness();
  harness.objects.plant('destination', 'file.bin');
  await expectUntouched(harness, pingPacket(), acks.ok);
});
