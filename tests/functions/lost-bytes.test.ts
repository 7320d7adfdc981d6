import { describe, expect, it } from 'vitest';
import { ObjectStoreError } from '../../lib/upload/object-store.ts';
import { memoryHarness } from '../support/functions-harness.ts';
import { closePacket, fragmentPacket, openSession, textFragment } from '../support/packets.ts';
import { about, acks, expectAck } from './acks.ts';
import { halfway, text } from './sessions.ts';
import { expectNothingLeft, expectUntouched, objectText, sessionStates } from './state.ts';

describe('a staged piece that was deleted behind our back', () => {
  it('FRAGMENT: 500 and a new session for the client; CLOSE: 404; one alarm', async () => {
    const { harness, session } = await halfway();
    harness.objects.pieces.clear();
    harness.coldStart();
    expectAck(await harness.send(textFragment(session, text, 13)), about(acks.noSession, session));
    expect(harness.alarms.map(({ what }) => what)).toEqual(['acknowledged bytes lost']);
    expect(sessionStates(harness)).toEqual(['lost']);
    await expectUntouched(harness, closePacket(session), about(acks.lostBeforePublication, session));
    expect(objectText(harness)).toBeUndefined();
    expectNothingLeft(harness);
  });

  it('one that has another length is as good as lost', async () => {
    const { harness, session } = await halfway();
    for (const key of harness.objects.pieces.keys()) harness.objects.pieces.set(key, Buffer.from('short'));
    harness.coldStart();
    expectAck(await harness.send(textFragment(session, text, 13)), about(acks.noSession, session));
    expectNothingLeft(harness);
  });

  it('while this environment remembers its bytes, nothing is lost', async () => {
    const { harness, session } = await halfway();
    harness.objects.pieces.clear();
    expectAck(await harness.send(textFragment(session, text, 13)), about(acks.ok, session, 26));
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
    expect(harness.alarms).toEqual([]);
  });

  it('an early CLOSE does not miss it', async () => {
    const { harness, session } = await halfway();
    harness.objects.pieces.clear();
    expectAck(await harness.send(closePacket(session)), about(acks.badRequest, session));
  });
});

describe('an upload that was aborted behind our back', () => {
  const limits = { targetPartBytes: 4, maxTailPieces: 3 };

  it('FRAGMENT: 500, an alarm, nothing left', async () => {
    const harness = memoryHarness({ limits });
    const session = await openSession(harness);
    const entity = Buffer.from(text);
    await harness.send(fragmentPacket(session, 0, entity.subarray(0, 6), 26));
    expect(harness.objects.uploads.size).toBe(1);
    harness.objects.uploads.clear();
    const next = fragmentPacket(session, 6, entity.subarray(6, 14), 26);
    expectAck(await harness.send(next), about(acks.noSession, session));
    expect(harness.alarms.map(({ what }) => what)).toEqual(['acknowledged bytes lost']);
    expectNothingLeft(harness);
    await expectUntouched(harness, closePacket(session), about(acks.lostBeforePublication, session));
  });

  it('the same by a CANCEL that came first is no loss, and no alarm', async () => {
    const harness = memoryHarness({ limits });
    const session = await openSession(harness);
    const entity = Buffer.from(text);
    await harness.send(fragmentPacket(session, 0, entity.subarray(0, 6), 26));
    await harness.anotherEnvironment().send({
      headers: { 'BITS-Packet-Type': 'Cancel-Session', 'BITS-Session-Id': session },
    });
    const next = fragmentPacket(session, 6, entity.subarray(6, 14), 26);
    expectAck(await harness.send(next), about(acks.noSession, session));
    expect(harness.alarms).toEqual([]);
    expect(sessionStates(harness)).toEqual(['cancelled']);
  });
});

it('an upload that the attempt itself had just begun was gone: the session ended as lost, with every acknowledged byte there', async () => {
  const harness = memoryHarness();
  const session = await openSession(harness);
  await harness.send(textFragment(session, text, 0, 13));
  harness.objects.hooks.before = ({ name }) => {
    if (name === 'uploadPart') throw new ObjectStoreError('NO_SUCH_UPLOAD', 'somebody aborted it');
  };
  expect((await harness.send(textFragment(session, text, 13))).status).toBe(503);
  harness.objects.hooks.before = undefined;
  expect((await harness.send(textFragment(session, text, 13))).status).toBe(200);
  expect((await harness.send(closePacket(session))).status).toBe(200);
  expect(objectText(harness)).toBe(text);
});
