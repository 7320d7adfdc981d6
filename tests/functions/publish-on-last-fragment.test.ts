import { describe, expect, it } from 'vitest';
import { type CompletionAnswer, ObjectStoreError } from '../../lib/upload/object-store.ts';
import { cancelPacket, closePacket, textFragment } from '../support/packets.ts';
import { about, acks, expectAck } from './acks.ts';
import { halfway, text } from './sessions.ts';
import { expectNothingLeft, expectUntouched, objectText, sessionStates } from './state.ts';

const atLastFragment = (destination = {}) => halfway({ publishOn: 'last-fragment', ...destination });

const last = (session: string) => textFragment(session, text, 13);

describe('F14: the object is there before the last fragment is answered', () => {
  it('and the session is COMPLETE until its CLOSE', async () => {
    const { harness, session } = await atLastFragment();
    expectAck(await harness.send(last(session)), about(acks.ok, session, 26));
    expect(objectText(harness)).toBe(text);
    expect(sessionStates(harness)).toEqual(['complete']);
    expectNothingLeft(harness);
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(sessionStates(harness)).toEqual(['published']);
    expect(objectText(harness)).toBe(text);
  });

  it('F7: the last fragment again is answered from the session, with no second publication', async () => {
    const { harness, session } = await atLastFragment();
    await harness.send(last(session));
    const calls = { ...harness.objects.calls };
    for (let again = 0; again < 3; again++) {
      await expectUntouched(harness, last(session), about(acks.ok, session, 26));
      await expectUntouched(harness, textFragment(session, text, 0, 5), about(acks.ok, session, 26));
      harness.coldStart();
    }
    expect(harness.objects.calls).toEqual(calls);
  });

  it('F7: also when a consumer has moved the object since', async () => {
    const { harness, session } = await atLastFragment();
    await harness.send(last(session));
    harness.objects.objects.clear();
    await expectUntouched(harness, last(session), about(acks.ok, session, 26));
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBeUndefined();
  });

  it('F7: a fragment that is wrong is still refused', async () => {
    const { harness, session } = await atLastFragment();
    await harness.send(last(session));
    const grown = textFragment(session, `${text}!`, 26);
    await expectUntouched(harness, grown, about(acks.badRequest, session, 26));
  });

  it('two last fragments at once: one object, both answered with the total', async () => {
    const { harness, session } = await atLastFragment();
    const other = harness.anotherEnvironment();
    const answers = await Promise.all([harness.send(last(session)), other.send(last(session))]);
    for (const answer of answers) expectAck(answer, about(acks.ok, session, 26));
    expect(harness.objects.calls.completeUpload).toBe(1);
    expectNothingLeft(harness);
  });
});

describe('F7a: a publication that failed is tried again by the next fragment', () => {
  const failures: readonly [string, (call: { name: string }) => void][] = [
    ['S3 is down at Complete', ({ name }) => failAt(name, 'completeUpload')],
    ['S3 is down at ListParts', ({ name }) => failAt(name, 'listParts')],
    ['S3 is down at HEAD', ({ name }) => failAt(name, 'head')],
  ];

  function failAt(name: string, failing: string): void {
    if (name === failing) throw new ObjectStoreError('UNAVAILABLE', 'S3 is down');
  }

  it.each(failures)('%s: 503 with the total, then 200', async (_, fail) => {
    const { harness, session } = await atLastFragment();
    harness.objects.hooks.before = fail;
    for (let again = 0; again < 2; again++) {
      expectAck(await harness.send(last(session)), about(acks.unavailable, session, 26));
      expect(objectText(harness)).toBeUndefined();
    }
    harness.objects.hooks.before = undefined;
    expectAck(await harness.send(last(session)), about(acks.ok, session, 26));
    expect(objectText(harness)).toBe(text);
    expect(sessionStates(harness)).toEqual(['complete']);
    expectNothingLeft(harness);
  });

  it('the answer of Complete is lost: the object says whose it is', async () => {
    const { harness, session } = await atLastFragment();
    harness.objects.hooks.after = (call) => failAt(call.name, 'completeUpload');
    expectAck(await harness.send(last(session)), about(acks.ok, session, 26));
    expect(objectText(harness)).toBe(text);
    expect(harness.objects.calls.completeUpload).toBe(1);
  });

  it('a CLOSE in between publishes as well', async () => {
    const { harness, session } = await atLastFragment();
    harness.objects.hooks.before = (call) => failAt(call.name, 'completeUpload');
    await harness.send(last(session));
    harness.objects.hooks.before = undefined;
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
    expect(sessionStates(harness)).toEqual(['published']);
  });

  it('a CANCEL while it has not begun discards everything', async () => {
    const { harness, session } = await atLastFragment();
    harness.objects.hooks.before = (call) => failAt(call.name, 'listParts');
    await harness.send(last(session));
    harness.objects.hooks.before = undefined;
    expect(sessionStates(harness)).toEqual(['stored']);
    expectAck(await harness.send(cancelPacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBeUndefined();
    expectNothingLeft(harness);
  });

  it('a CANCEL past the point of no return succeeds, and the object is there', async () => {
    const { harness, session } = await atLastFragment();
    harness.objects.hooks.before = (call) => failAt(call.name, 'completeUpload');
    await harness.send(last(session));
    harness.objects.hooks.before = undefined;
    expect(sessionStates(harness)).toEqual(['publishing']);
    expectAck(await harness.send(cancelPacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
    expectNothingLeft(harness);
  });
});

describe('a destination that was taken meanwhile', () => {
  it('is refused with 403 at the last fragment, at CLOSE, and left alone', async () => {
    const { harness, session } = await atLastFragment();
    harness.objects.plant('destination', 'file.bin');
    expectAck(await harness.send(last(session)), about(acks.accessDenied, session, 26));
    expect(objectText(harness)).toBe('somebody else');
    expectNothingLeft(harness);
    await expectUntouched(harness, last(session), about(acks.noSession, session));
    await expectUntouched(harness, closePacket(session), about(acks.accessDenied, session));
    await expectUntouched(harness, cancelPacket(session), about(acks.ok, session));
  });

  it('is replaced where that is allowed', async () => {
    const { harness, session } = await atLastFragment({ allowOverwrites: true });
    harness.objects.plant('destination', 'file.bin');
    expectAck(await harness.send(last(session)), about(acks.ok, session, 26));
    expect(objectText(harness)).toBe(text);
  });
});

describe('what S3 may answer to Complete', () => {
  /** The answer in place of the completion, the first `times` times. */
  const answered = async (answer: CompletionAnswer, times: number) => {
    const { harness, session } = await atLastFragment();
    const { objects } = harness;
    const complete = objects.completeUpload.bind(objects);
    let calls = 0;
    objects.completeUpload = (upload, completion, signal) =>
      ++calls <= times ? Promise.resolve(answer) : complete(upload, completion, signal);
    return { harness, session, calls: () => calls };
  };

  it.each(['conflict', 'invalid-part'] as const)('%s twice, then it works', async (answer) => {
    const { harness, session, calls } = await answered(answer, 2);
    expectAck(await harness.send(last(session)), about(acks.ok, session, 26));
    expect(objectText(harness)).toBe(text);
    expect(calls()).toBe(3);
  });

  it.each(['conflict', 'invalid-part'] as const)('%s for good: three tries, then 503', async (answer) => {
    const { harness, session, calls } = await answered(answer, Number.POSITIVE_INFINITY);
    expectAck(await harness.send(last(session)), about(acks.unavailable, session, 26));
    expect(calls()).toBe(3);
    expect(sessionStates(harness)).toEqual(['publishing']);
    expect(harness.objects.uploads.size).toBe(1);
  });

  it('a conflict that destroyed the upload: the session ends, 500 to the client, and an alarm', async () => {
    const { harness, session } = await answered('conflict', 1);
    harness.objects.hooks.before = ({ name, index }) => {
      if (name === 'listParts' && index === 1) harness.objects.uploads.clear();
    };
    expectAck(await harness.send(last(session)), about(acks.noSession, session, 26));
    expect(harness.alarms.map(({ what }) => what)).toEqual(['publication lost']);
    await expectUntouched(harness, closePacket(session), about(acks.lostBeforePublication, session));
  });

  it('a mismatch: never an object, an alarm, and the client starts over', async () => {
    const { harness, session } = await answered('mismatch', 1);
    expectAck(await harness.send(last(session)), about(acks.noSession, session, 26));
    expect(harness.alarms.map(({ what }) => what)).toEqual(['publication lost']);
    expect(objectText(harness)).toBeUndefined();
    expectNothingLeft(harness);
  });

  it('no such upload past the point of no return, and no object: published, unverified, with an alarm', async () => {
    const { harness, session } = await answered('no-such-upload', 1);
    // The listing passed before the stamp; the upload is used up since.
    const { objects } = harness;
    const list = objects.listParts.bind(objects);
    objects.listParts = async (upload, signal) => {
      const parts = await list(upload, signal);
      objects.uploads.delete(upload.uploadId);
      return parts;
    };
    expectAck(await harness.send(last(session)), about(acks.ok, session, 26));
    expect(harness.alarms.map(({ what }) => what)).toEqual(['publication unverified']);
  });
});
