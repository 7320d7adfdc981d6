import { describe, expect, it } from 'vitest';
import { cancelPacket, closePacket, textFragment } from '../support/packets.ts';
import { about, acks, expectAck } from './acks.ts';
import { halfway, opened, sent, text } from './sessions.ts';
import { expectNothingLeft, expectUntouched, objectText, sessionStates } from './state.ts';

describe('CANCEL-SESSION discards what is not published', () => {
  it.each([
    ['a new session', opened],
    ['half a file', halfway],
    ['a whole file before its CLOSE', sent],
  ])('%s', async (_, stage) => {
    const { harness, session } = await stage();
    expectAck(await harness.send(cancelPacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBeUndefined();
    expectNothingLeft(harness);
    expect(sessionStates(harness)).toEqual(['cancelled']);
    await expectUntouched(harness, cancelPacket(session), about(acks.ok, session));
    await expectUntouched(harness, closePacket(session), about(acks.ok, session));
    await expectUntouched(harness, textFragment(session, text, 13), about(acks.noSession, session));
  });
});

describe('CANCEL-SESSION leaves what is published', () => {
  it('after a CLOSE', async () => {
    const { harness, session } = await sent();
    await harness.send(closePacket(session));
    await expectUntouched(harness, cancelPacket(session), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
  });

  it('before a CLOSE, with publishOn last-fragment', async () => {
    const { harness, session } = await sent({ publishOn: 'last-fragment' });
    expectAck(await harness.send(cancelPacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
    expect(sessionStates(harness)).toEqual(['published']);
    await expectUntouched(harness, closePacket(session), about(acks.ok, session));
  });

  it('while a CLOSE is publishing: it waits for the decision', async () => {
    const { harness, session } = await sent();
    const other = harness.anotherEnvironment();
    let cancelling: ReturnType<typeof other.send> | undefined;
    harness.objects.hooks.before = async ({ name }) => {
      if (name !== 'completeUpload' || cancelling !== undefined) return;
      cancelling = other.send(cancelPacket(session));
      // Until it has read the session, which is PUBLISHING now.
      const reads = harness.sessions.calls.read;
      while (harness.sessions.calls.read < reads + 3) await Promise.resolve();
    };
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expectAck((await cancelling) ?? { status: 0, reason: '', headers: {} }, about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
    expect(harness.objects.calls.completeUpload).toBe(1);
  });

  it('when the one who published died under way: it finishes the publication after the lease', async () => {
    const { harness, session } = await sent();
    const other = harness.anotherEnvironment();
    const died = new Error('killed');
    // The Complete is done, and nothing after it ever gets through.
    harness.objects.hooks.after = ({ name }) => {
      if (name !== 'completeUpload') return;
      harness.sessions.hooks.before = () => Promise.reject(died);
      throw died;
    };
    expectAck(await harness.send(closePacket(session)), about(acks.unavailable, session));
    harness.objects.hooks.after = undefined;
    harness.sessions.hooks.before = undefined;
    expect(sessionStates(harness)).toEqual(['publishing']);
    expectAck(await other.send(cancelPacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
    expect(sessionStates(harness)).toEqual(['published']);
    expectNothingLeft(harness);
  });
});

it('a CANCEL that races the last fragment: either the session is gone, or the bytes were acknowledged first', async () => {
  const { harness, session } = await halfway();
  const other = harness.anotherEnvironment();
  const [fragment, cancel] = await Promise.all([
    harness.send(textFragment(session, text, 13)),
    other.send(cancelPacket(session)),
  ]);
  expectAck(cancel, about(acks.ok, session));
  expect([200, 500]).toContain(fragment.status);
  expect(objectText(harness)).toBeUndefined();
  expect(sessionStates(harness)).toEqual(['cancelled']);
  expectNothingLeft(harness);
});
