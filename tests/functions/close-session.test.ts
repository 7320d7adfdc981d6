import { describe, expect, it } from 'vitest';
import { closePacket, textFragment } from '../support/packets.ts';
import { about, acks, expectAck } from './acks.ts';
import { halfway, opened, sent, text } from './sessions.ts';
import { expectNothingLeft, expectUntouched, type Harness, objectText, sessionStates } from './state.ts';

describe('CLOSE-SESSION of a complete file', () => {
  it('publishes it, with the names of its session and file', async () => {
    const { harness, session } = await sent();
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
    expect(harness.objects.object('destination', 'file.bin')?.metadata).toMatchObject({
      sessionId: session.slice(1, -1),
      originalName: 'file.bin',
      principal: 'anonymous',
    });
    expectNothingLeft(harness);
    expect(harness.alarms).toEqual([]);
  });

  it('is refused when the place was taken meanwhile; the other object stays, our bytes go', async () => {
    const { harness, session } = await sent();
    harness.objects.plant('destination', 'file.bin');
    expectAck(await harness.send(closePacket(session)), about(acks.accessDenied, session));
    expect(objectText(harness)).toBe('somebody else');
    expectNothingLeft(harness);
  });

  it('is refused when the place is taken in the very moment of the completion', async () => {
    const { harness, session } = await sent();
    harness.objects.hooks.before = ({ name }) => {
      if (name === 'completeUpload') harness.objects.plant('destination', 'file.bin');
    };
    expectAck(await harness.send(closePacket(session)), about(acks.accessDenied, session));
    expect(objectText(harness)).toBe('somebody else');
    expectNothingLeft(harness);
  });

  it('replaces what is there, where that is allowed', async () => {
    const { harness, session } = await sent({ allowOverwrites: true });
    harness.objects.plant('destination', 'file.bin');
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
  });

  it('keeps to the destination as it was at CREATE', async () => {
    const { harness, session } = await sent();
    harness.destinations = harness.destinations.map((known) => ({
      ...known,
      bucket: 'elsewhere',
      keyTemplate: 'new/{path}',
      allowOverwrites: true,
    }));
    expectAck(await harness.send(closePacket(session)), about(acks.ok, session));
    expect(objectText(harness)).toBe(text);
  });

  it('three at once end alike, with one publication', async () => {
    const { harness, session } = await sent();
    const environments = [harness, harness.anotherEnvironment(), harness.anotherEnvironment()];
    const answers = await Promise.all(
      environments.map((environment) => environment.send(closePacket(session))),
    );
    for (const answer of answers) expectAck(answer, about(acks.ok, session));
    expect(harness.objects.calls.completeUpload).toBe(1);
    expect(sessionStates(harness)).toEqual(['published']);
    expectNothingLeft(harness);
  });
});

describe('CLOSE-SESSION before the last byte', () => {
  it('discards everything, is a bad request, and stays one', async () => {
    const { harness, session } = await halfway();
    expectAck(await harness.send(closePacket(session)), about(acks.badRequest, session));
    expect(objectText(harness)).toBeUndefined();
    expectNothingLeft(harness);
    await expectUntouched(harness, closePacket(session), about(acks.badRequest, session));
    await expectUntouched(harness, textFragment(session, text, 13), about(acks.noSession, session));
  });

  it('loses to a fragment that arrives first, and wins over one that arrives second', async () => {
    const { harness, session } = await halfway();
    const other = harness.anotherEnvironment();
    const [fragment, close] = await Promise.all([
      harness.send(textFragment(session, text, 13)),
      other.send(closePacket(session)),
    ]);
    const isPublished = objectText(harness) !== undefined;
    expectAck(close, about(isPublished ? acks.ok : acks.badRequest, session));
    expectAck(fragment, isPublished ? about(acks.ok, session, 26) : about(acks.noSession, session));
    expectNothingLeft(harness);
  });
});

describe('CLOSE-SESSION when acknowledged bytes are gone', () => {
  it.each([
    ['the upload is gone', ({ objects }: Harness) => objects.uploads.clear()],
    [
      'a part is gone',
      ({ objects }: Harness) => objects.uploads.forEach(({ parts }) => void parts.delete(1)),
    ],
  ])('%s: 404 and an alarm, never an object', async (_, lose) => {
    const { harness, session } = await sent();
    lose(harness);
    expectAck(await harness.send(closePacket(session)), about(acks.lostBeforePublication, session));
    expect(harness.alarms.map(({ what }) => what)).toEqual(['acknowledged bytes lost']);
    expect(objectText(harness)).toBeUndefined();
    expectNothingLeft(harness);
    await expectUntouched(harness, closePacket(session), about(acks.lostBeforePublication, session));
  });

  it('other bytes in a part of the right size: S3 refuses the whole, 404 and an alarm', async () => {
    const { harness, session } = await sent();
    for (const { parts } of harness.objects.uploads.values()) {
      const part = parts.get(1);
      if (part !== undefined) parts.set(1, { ...part, body: Buffer.alloc(part.body.byteLength, 'x') });
    }
    expectAck(await harness.send(closePacket(session)), about(acks.lostBeforePublication, session));
    expect(harness.alarms.map(({ what }) => what)).toEqual(['publication lost']);
    expect(objectText(harness)).toBeUndefined();
    expectNothingLeft(harness);
  });
});

it('a session that was never opened is not found', async () => {
  const { harness } = await opened();
  const unknown = '{00000000-0000-4000-8000-000000000000}';
  await expectUntouched(harness, closePacket(unknown), about(acks.noSession, unknown));
});
