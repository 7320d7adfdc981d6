import { describe, expect, it } from 'vitest';
import { replyHarness } from '../functions/reply-harness.ts';
import { text } from '../functions/sessions.ts';
import type { Harness } from '../functions/state.ts';
import { memoryHarness } from '../support/functions-harness.ts';
import {
  cancelPacket,
  closePacket,
  fragmentPacket,
  openSession,
  sendAll,
  textFragment,
  withHeaders,
} from '../support/packets.ts';
import { changeRecord } from '../support/stream-record.ts';
import { schemaProblems } from './schema.ts';
import { told } from './told.ts';

/** The records of a harness's table, from now on. */
const watch = (harness: Harness): readonly unknown[] => {
  const records: unknown[] = [];
  harness.sessions.onChange = (before, after) => records.push(changeRecord(before, after));
  return records;
};

type Ending = (harness: Harness, session: string) => Promise<unknown>;

const upload: Ending = (harness, session) => sendAll(harness, session, Buffer.from(text), 5);
const half: Ending = (harness, session) => harness.send(textFragment(session, text, 0, 13));
const close: Ending = (harness, session) => harness.send(closePacket(session));
const cancel: Ending = (harness, session) => harness.send(cancelPacket(session));
const take: Ending = async ({ objects }) => objects.plant('destination', 'file.bin');
const lose: Ending = async ({ objects }) => objects.uploads.clear();

describe('an upload has one event per outcome, from its first packet to its last, every packet twice', () => {
  it.each([
    ['published', 'close-session', [upload, close], ['Received', 'Published']],
    ['published with the last fragment', 'last-fragment', [upload, close], ['Received', 'Published']],
    ['published, and cancelled too late', 'last-fragment', [upload, cancel], ['Received', 'Published']],
    ['an empty file', 'close-session', [close], ['Received', 'Published']],
    ['cancelled', 'close-session', [half, cancel, close], ['Cancelled']],
    ['cancelled when whole', 'close-session', [upload, cancel], ['Received', 'Cancelled']],
    ['refused', 'close-session', [upload, take, close], ['Received', 'Failed']],
    ['closed too early', 'close-session', [half, close, cancel], ['Failed']],
    ['lost', 'close-session', [upload, lose, close], ['Received', 'Failed']],
  ] as const)('%s', async (_, publishOn, steps, expected) => {
    const harness = memoryHarness({ destination: { publishOn } });
    const records = watch(harness);
    const session = await openSession(harness);
    for (const step of steps) for (const _ of [1, 2]) await step(harness, session);
    const happened = await told(...records);
    expect(happened.map(({ type }) => type)).toEqual(
      ['Created', ...expected].map((type) => `Upload ${type}`),
    );
    expect(new Set(happened.map(({ id }) => id)).size).toBe(happened.length);
    expect(happened.flatMap(schemaProblems)).toEqual([]);
  });

  it.each([
    ['and closed', [close]],
    ['and cancelled, as a job is that is removed', [cancel]],
    ['and left alone', []],
    ['and repeated first', [upload, cancel, close]],
  ] as const)(
    'refused by its application %s: was told as cancelled, or at the session’s end',
    async (_, steps) => {
      const { harness, script } = replyHarness();
      const records = watch(harness);
      script.push({ status: 403 });
      const session = await openSession(harness);
      await harness.send(textFragment(session, text, 0));
      for (const step of steps) await step(harness, session);
      const happened = await told(...records);
      expect(happened.map(({ type }) => type)).toEqual([
        'Upload Created',
        'Upload Received',
        'Upload Failed',
      ]);
      expect(happened.at(-1)).toMatchObject({ reason: 'application-refused', sizeBytes: text.length });
    },
  );

  it('but for a name that is too long to keep', async () => {
    const harness = memoryHarness();
    const records = watch(harness);
    const session = await openSession(harness);
    const packet = fragmentPacket(session, 0, Buffer.from(text), 26);
    await harness.send(withHeaders(packet, { 'Content-Name': 'n'.repeat(145) }));
    await close(harness, session);
    for (const event of await told(...records)) expect(event).not.toHaveProperty('originalName');
  });

  it('with the checksum and the name of the file in it', async () => {
    const harness = memoryHarness();
    const records = watch(harness);
    const session = await openSession(harness);
    await upload(harness, session);
    await close(harness, session);
    const facts = { key: 'file.bin', sizeBytes: 26, crc32: 'TCdQvQ==', originalName: 'file.bin' };
    expect(await told(...records)).toMatchObject([{}, facts, { ...facts, type: 'Upload Published' }]);
  });
});
