import { describe, expect, it } from 'vitest';
import { memoryHarness, type TestRequest } from '../support/functions-harness.ts';
import {
  cancelPacket,
  closePacket,
  fragmentPacket,
  openSession,
  textFragment,
  withHeaders,
} from '../support/packets.ts';
import { about, acks, expectAck } from './acks.ts';
import { expectNothingLeft, expectUntouched, objectText, sessionStates } from './state.ts';

const nothing = Buffer.alloc(0);

const emptyFragment = (session: string, range: string): TestRequest =>
  withHeaders(fragmentPacket(session, 0, nothing, 0), { 'Content-Range': range });

describe('Z1: a fragment without bytes of an entity without bytes', () => {
  it.each([
    'bytes 0-0/0',
    'bytes */0',
    'bytes 0--1/0',
    'bytes 0-18446744073709551615/0',
    'bytes 7-3/0',
    'Bytes 0-0 / 0',
    'bytes 0-0/000',
  ])('"%s" completes the entity, and CLOSE publishes it', async (range) => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    expectAck(await harness.send(emptyFragment(session, range)), about(acks.ok, session, 0));
    expect(objectText(harness)).toBeUndefined();
    await expectUntouched(harness, emptyFragment(session, range), about(acks.ok, session, 0));
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe('');
    expectNothingLeft(harness);
  });

  it.each([
    ['a total that is not zero', 'bytes 0-0/1', 0],
    ['no total', 'bytes 0-0/*', 0],
    ['no range', undefined, 0],
    ['a body', 'bytes 0-0/0', 1],
    ['zero bytes of a file that has some', 'bytes 0-0/10', 0],
  ])('%s is no empty entity', async (_, range, bodyBytes) => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    const fragment = withHeaders(fragmentPacket(session, 0, Buffer.alloc(bodyBytes), 0), {
      'Content-Range': range,
    });
    await expectUntouched(harness, fragment, about(acks.badRequest, session, 0));
  });

  it('is refused with another encoding', async () => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    const fragment = withHeaders(emptyFragment(session, 'bytes 0-0/0'), { 'Content-Encoding': 'gzip' });
    await expectUntouched(harness, fragment, about(acks.badRequest, session, 0));
  });

  it('fixes the total: a byte that comes later is refused', async () => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    await harness.send(emptyFragment(session, 'bytes 0-0/0'));
    await expectUntouched(harness, textFragment(session, 'a', 0), about(acks.badRequest, session, 0));
  });

  it('replaces an object only where that is allowed', async () => {
    for (const allowOverwrites of [false, true]) {
      const harness = memoryHarness({ destination: { allowOverwrites } });
      const session = await openSession(harness);
      harness.objects.plant('destination', 'file.bin');
      expectAck(await harness.send(emptyFragment(session, 'bytes 0-0/0')), about(acks.ok, session, 0));
      const closed = await harness.send(closePacket(session));
      expectAck(closed, about(allowOverwrites ? acks.ok : acks.accessDenied, session));
      expect(objectText(harness)).toBe(allowOverwrites ? '' : 'somebody else');
      expectNothingLeft(harness);
    }
  });

  it('appears before its answer with publishOn last-fragment', async () => {
    const harness = memoryHarness({ destination: { publishOn: 'last-fragment' } });
    const session = await openSession(harness);
    expectAck(await harness.send(emptyFragment(session, 'bytes */0')), about(acks.ok, session, 0));
    expect(objectText(harness)).toBe('');
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(sessionStates(harness)).toEqual(['published']);
  });
});

describe('Z2: CLOSE of a session that never had a fragment', () => {
  it.each([false, true])(
    'publishes an empty object where nothing is (allowOverwrites %s)',
    async (allowOverwrites) => {
      const harness = memoryHarness({ destination: { allowOverwrites } });
      const session = await openSession(harness);
      for (let again = 0; again < 3; again++) {
        expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
        expect(objectText(harness)).toBe('');
      }
      expect(harness.objects.calls.completeUpload).toBe(1);
      expectNothingLeft(harness);
    },
  );

  it('never empties a file that is there, overwriting allowed or not: 400, and again 400', async () => {
    for (const allowOverwrites of [false, true]) {
      const harness = memoryHarness({ destination: { allowOverwrites } });
      const session = await openSession(harness);
      harness.objects.plant('destination', 'file.bin');
      expectAck(await harness.send(closePacket(session)), about(acks.badRequest, session));
      await expectUntouched(harness, closePacket(session), about(acks.badRequest, session));
      expect(objectText(harness)).toBe('somebody else');
      expectNothingLeft(harness);
      expect(sessionStates(harness)).toEqual(['early']);
    }
  });

  it('nor one that came between the look and the completion', async () => {
    const harness = memoryHarness({ destination: { allowOverwrites: true } });
    const session = await openSession(harness);
    harness.objects.hooks.before = ({ name }) => {
      if (name === 'completeUpload') harness.objects.plant('destination', 'file.bin');
    };
    expectAck(await harness.send(closePacket(session)), about(acks.badRequest, session));
    expect(objectText(harness)).toBe('somebody else');
    expectNothingLeft(harness);
    expectAck(await harness.send(closePacket(session)), about(acks.badRequest, session));
  });

  it('after a fragment that was refused is still one without any', async () => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    await harness.send(textFragment(session, 'abc', 1));
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe('');
  });

  it('two at once publish once', async () => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    const other = harness.anotherEnvironment();
    const answers = await Promise.all([harness.send(closePacket(session)), other.send(closePacket(session))]);
    for (const answer of answers) expectAck(answer, about(acks.ok, session));
    expect(objectText(harness)).toBe('');
    expectNothingLeft(harness);
  });

  it('a CANCEL in its place publishes nothing', async () => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    expectAck(await harness.send(cancelPacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBeUndefined();
    expect(harness.objects.hooks.made()).toEqual({ head: 1, listPieces: 1 });
  });
});
