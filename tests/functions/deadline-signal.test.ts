import { expect, it } from 'vitest';
import { FunctionsHarness } from '../support/functions-harness.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { MemorySessionStore } from '../support/memory-session-store.ts';
import { cancelPacket, closePacket, openSession, textFragment } from '../support/packets.ts';
import { text } from './sessions.ts';

/** Notes the calls of a store that cannot be told to end. */
const watched = <S extends object>(store: S, seen: Set<string>, endless: Set<string>): S =>
  new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]): unknown => {
        seen.add(String(name));
        if (!args.some((arg) => arg instanceof AbortSignal)) endless.add(String(name));
        return Reflect.apply(member, target, args);
      };
    },
  });

it('every call to a store ends with the function that makes it, whatever the SDK would wait for', async () => {
  const seen = new Set<string>();
  const endless = new Set<string>();
  const harness = new FunctionsHarness({
    sessions: watched(new MemorySessionStore(), seen, endless),
    objects: watched(new MemoryObjectStore(0), seen, endless),
    limits: { targetPartBytes: 10, maxTailPieces: 2 },
  });
  for (const end of [cancelPacket, closePacket]) {
    const session = await openSession(harness);
    for (let at = 0; at < text.length; at += 2) {
      if (at % 6 === 0) harness.coldStart();
      await harness.send(textFragment(session, text, at, at + 2));
    }
    await harness.send(end(session));
    await harness.send(end(session));
  }
  expect([...endless]).toEqual([]);
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'read',
      'write',
      'putPiece',
      'getPiece',
      'createUpload',
      'uploadPart',
      'completeUpload',
      'listPieces',
    ]),
  );
});
