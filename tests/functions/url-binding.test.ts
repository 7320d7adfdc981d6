import { describe, expect, it } from 'vitest';
import { memoryHarness } from '../support/functions-harness.ts';
import { closePacket, openSession, textFragment, withHeaders } from '../support/packets.ts';
import { about, acks, expectAck } from './acks.ts';
import { text } from './sessions.ts';
import { expectUntouched, objectText } from './state.ts';

const created = '/drop/Report~1%20(a).txt';
const key = 'Report~1 (a).txt';

describe('another spelling of the same URL is the same URL', () => {
  it.each([
    ['as it was', created, {}],
    ['more escapes', '/drop/%52eport%7E1%20(a).txt', {}],
    ['escapes in lower case', '/drop/Report%7e1%20(a).txt', {}],
    ['the prefix escaped', '/%64rop/Report~1%20(a).txt', {}],
    ['the host in capitals', created, { Host: 'BITS.Example.TEST' }],
    ['the default port', created, { Host: 'bits.example.test:443' }],
    ['an empty port', created, { Host: 'bits.example.test:' }],
    ['the scheme in capitals', created, { 'X-Forwarded-Proto': 'HTTPS' }],
  ])('%s', async (_, path, headers) => {
    const harness = memoryHarness();
    const session = await openSession(harness, created);
    const fragment = withHeaders(textFragment(session, text, 0, text.length, path), headers);
    expectAck(await harness.send(fragment), about(acks.ok, session, 26));
    expectAck(await harness.send(withHeaders(closePacket(session, path), headers)), about(acks.ok, session));
    expect(objectText(harness, key)).toBe(text);
  });
});

describe('another URL is another URL', () => {
  it.each([
    ['another letter case in the path', '/drop/report~1%20(a).txt', {}],
    ['a query', `${created}?`.concat('v=1'), {}],
    ['a slash that is escaped', '/drop/folder%2FReport~1%20(a).txt', {}],
    ['another host', created, { Host: 'other.example.test' }],
    ['another port', created, { Host: 'bits.example.test:8443' }],
    ['the other scheme', created, { 'X-Forwarded-Proto': 'http' }],
    ['port 80 of the other scheme', created, { Host: 'bits.example.test:80' }],
  ])('%s', async (_, path, headers) => {
    const harness = memoryHarness();
    const session = await openSession(harness, created);
    await harness.send(textFragment(session, text, 0, 13, created));
    const packets = [textFragment(session, text, 13, 26, path), closePacket(session, path)];
    for (const packet of packets) {
      await expectUntouched(harness, withHeaders(packet, headers), about(acks.noSession, session));
    }
  });

  it('a query belongs to it, as it stands', async () => {
    const harness = memoryHarness();
    const path = '/drop/file.bin?token=a%2Fb&n=1';
    const session = await openSession(harness, path);
    const other = textFragment(session, text, 0, 26, '/drop/file.bin?token=a%2fb&n=1');
    await expectUntouched(harness, other, about(acks.noSession, session));
    const same = await harness.send(textFragment(session, text, 0, 26, path));
    expectAck(same, about(acks.ok, session, 26));
    expectAck(await harness.send(closePacket(session, path)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
  });
});

it.each(['', 'a b', 'user@bits.example.test', 'bits.example.test/x', 'bits.example.test:99999'])(
  'a Host that is none, %j, is a bad request',
  async (host) => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    const packet = withHeaders(closePacket(session), { Host: host });
    await expectUntouched(harness, packet, about(acks.badRequest, session));
  },
);
