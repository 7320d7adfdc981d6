import { expect } from 'vitest';
import type { FunctionsHarness, TestRequest } from '../support/functions-harness.ts';
import type { MemoryObjectStore } from '../support/memory-object-store.ts';
import type { MemorySessionStore } from '../support/memory-session-store.ts';
import { type ExpectedAck, expectAck } from './acks.ts';

export type Harness = FunctionsHarness<MemorySessionStore, MemoryObjectStore>;

/** Everything that the stores hold, as a value that compares. */
export const stateOf = ({ sessions, objects }: Pick<Harness, 'sessions' | 'objects'>) => ({
  items: Object.fromEntries([...sessions.items].map(([id, item]) => [id, JSON.stringify(item)])),
  pieces: Object.fromEntries([...objects.pieces].map(([key, body]) => [key, body.toString('base64')])),
  uploads: Object.fromEntries(
    [...objects.uploads].map(([id, { key, parts }]) => [
      id,
      { key, parts: [...parts].map(([number, { etag }]) => `${number} ${etag}`) },
    ]),
  ),
  objects: Object.fromEntries(
    [...objects.objects].map(([place, { body, metadata }]) => [
      place,
      { body: body.toString('base64'), session: metadata?.sessionId },
    ]),
  ),
});

/** Sends a packet that must be answered so, and must leave every store as it was. */
export const expectUntouched = async (
  harness: Harness,
  request: TestRequest,
  expected: ExpectedAck,
): Promise<void> => {
  const before = stateOf(harness);
  expectAck(await harness.send(request), expected);
  expect(stateOf(harness)).toEqual(before);
};

/** The text of an object at the destination of the tests, `undefined` if there is none. */
export const objectText = ({ objects }: Harness, key = 'file.bin'): string | undefined =>
  objects.object('destination', key)?.body.toString();

/** Nothing waits in staging, and no upload is open. */
export const expectNothingLeft = ({ objects }: Harness): void => {
  expect([...objects.pieces.keys()]).toEqual([]);
  expect([...objects.uploads.keys()]).toEqual([]);
};

/** The state of the one session, as its item has it. */
export const sessionStates = ({ sessions }: Harness): (string | undefined)[] =>
  [...sessions.items.values()].map((item) => item['outcome']?.S ?? item['state']?.S);
