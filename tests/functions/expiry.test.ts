import { describe, expect, it } from 'vitest';
import { cancelPacket, closePacket, textFragment } from '../support/packets.ts';
import { about, acks, expectAck } from './acks.ts';
import { halfway, opened, sent, text } from './sessions.ts';
import { expectUntouched, objectText } from './state.ts';

const day = 86_400_000;
const timeout = 14 * day;

const later = [
  ['FRAGMENT', (session: string) => textFragment(session, text, 13)],
  ['a FRAGMENT that is known', (session: string) => textFragment(session, text, 0, 13)],
  ['a FRAGMENT with a gap', (session: string) => textFragment(session, text, 20)],
  ['CLOSE', (session: string) => closePacket(session)],
  ['CANCEL', (session: string) => cancelPacket(session)],
] as const;

describe('a session that is past its timeout is no session, long before anything deletes it', () => {
  describe.each([
    ['half a file', halfway],
    ['a new session', opened],
  ])('%s', (_, stage) => {
    it.each(later)('%s, warm and cold', async (_name, packet) => {
      const { harness, session } = await stage();
      harness.nowMs += timeout;
      await expectUntouched(harness, packet(session), about(acks.noSession, session));
      harness.coldStart();
      await expectUntouched(harness, packet(session), about(acks.noSession, session));
    });
  });

  it('one second before, it is one', async () => {
    const { harness, session } = await halfway();
    harness.nowMs += timeout - 1000;
    await expectUntouched(harness, textFragment(session, text, 0, 13), about(acks.ok, session, 13));
    expectAck(await harness.send(textFragment(session, text, 13)), about(acks.ok, session, 26));
  });

  it('goes by whole seconds: the end of the last one still counts', async () => {
    const { harness, session } = await halfway();
    harness.nowMs += timeout - 1;
    expectAck(await harness.send(textFragment(session, text, 13)), about(acks.ok, session, 26));
  });

  it('also when it ends between the look and the commit', async () => {
    const { harness, session } = await halfway();
    harness.nowMs += timeout - 1000;
    harness.objects.hooks.before = () => {
      harness.nowMs += 1000;
    };
    expectAck(await harness.send(textFragment(session, text, 13)), about(acks.noSession, session));
    expect([...harness.objects.uploads.keys()]).toEqual([]);
  });
});

describe('what restarts the time', () => {
  it('a fragment that stored something, and nothing else', async () => {
    const { harness, session } = await opened();
    harness.nowMs += day - 1000;
    expectAck(await harness.send(textFragment(session, text, 0, 13)), about(acks.ok, session, 13));
    harness.nowMs += timeout - 1000;
    await expectUntouched(harness, textFragment(session, text, 0, 13), about(acks.ok, session, 13));
    await expectUntouched(harness, textFragment(session, text, 20), about(acks.gap, session, 13));
    harness.nowMs += 1000;
    await expectUntouched(harness, textFragment(session, text, 13), about(acks.noSession, session));
  });

  it('a session without a byte lives a day', async () => {
    const { harness, session } = await opened();
    harness.nowMs += day;
    await expectUntouched(harness, textFragment(session, text, 0, 13), about(acks.noSession, session));
  });

  it('the timeout of the destination', async () => {
    const { harness, session } = await halfway({ sessionTimeoutSeconds: 60 });
    harness.nowMs += 59_000;
    expectAck(await harness.send(textFragment(session, text, 13, 20)), about(acks.ok, session, 20));
    harness.nowMs += 60_000;
    await expectUntouched(harness, textFragment(session, text, 20), about(acks.noSession, session));
  });

  it('never past the hard end, 90 days after CREATE', async () => {
    const { harness, session } = await opened();
    for (let at = 0; at < 9; at++) {
      // The first byte is waited for a day only: then nine waits come to the end, less a second each.
      harness.nowMs += at === 0 ? day - 1000 : at === 1 ? 14 * day - 1000 : (75 / 7) * day - 1000;
      expectAck(await harness.send(textFragment(session, text, at, at + 1)), about(acks.ok, session, at + 1));
    }
    harness.nowMs += 9_000;
    await expectUntouched(harness, textFragment(session, text, 9), about(acks.noSession, session));
  });
});

it('a file that is acknowledged to the last byte does not expire: a CLOSE after a year publishes it', async () => {
  const { harness, session } = await sent();
  harness.nowMs += 365 * day;
  await expectUntouched(harness, textFragment(session, text, 13), about(acks.ok, session, 26));
  expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
  expect(objectText(harness)).toBe(text);
});
