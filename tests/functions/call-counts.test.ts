import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { UploadLimits } from '../../lib/upload/services.ts';
import { memoryHarness, type TestRequest } from '../support/functions-harness.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import {
  cancelPacket,
  closePacket,
  createPacket,
  fragmentPacket,
  openSession,
  pingPacket,
} from '../support/packets.ts';
import type { Harness } from './state.ts';

/** Parts of four fragments of a kilobyte. */
const limits: Partial<UploadLimits> = { targetPartBytes: 4096 };
const cut = 1024;

const harnessOf = (destination = {}, more: Partial<UploadLimits> = {}): Harness =>
  memoryHarness({ objects: new MemoryObjectStore(1024), destination, limits: { ...limits, ...more } });

/** Every call that a packet made, of both stores. */
const callsOf = async (harness: Harness, packet: TestRequest, status = 200) => {
  harness.objects.hooks.reset();
  harness.sessions.hooks.reset();
  expect((await harness.send(packet)).status).toBe(status);
  return { ...harness.objects.hooks.made(), ...harness.sessions.hooks.made() };
};

/** A session that has the first `next` bytes of a file, in fragments of a kilobyte. */
const receivedUpTo = async (next: number, total = 10_000, options: Partial<UploadLimits> = {}) => {
  const harness = harnessOf({}, options);
  const entity = randomBytes(total);
  const session = await openSession(harness);
  const fragment = (from: number, end: number) =>
    fragmentPacket(session, from, entity.subarray(from, end), total);
  for (let at = 0; at < next; at += cut) await harness.send(fragment(at, Math.min(at + cut, next)));
  return { harness, session, fragment, entity };
};

describe('a fragment', () => {
  it('warm, in the middle of a part: one S3 write and one DynamoDB write, and nothing else', async () => {
    const { harness, fragment } = await receivedUpTo(cut);
    expect(await callsOf(harness, fragment(cut, 2 * cut))).toEqual({ putPiece: 1, write: 1 });
    expect(await callsOf(harness, fragment(2 * cut, 3 * cut))).toEqual({ putPiece: 1, write: 1 });
  });

  it('cold: one read more', async () => {
    const { harness, fragment } = await receivedUpTo(2 * cut);
    harness.coldStart();
    expect(await callsOf(harness, fragment(2 * cut, 3 * cut))).toEqual({ read: 1, putPiece: 1, write: 1 });
  });

  it('the very first one reads the new session', async () => {
    const { harness, fragment } = await receivedUpTo(0);
    expect(await callsOf(harness, fragment(0, cut))).toEqual({ read: 1, putPiece: 1, write: 1 });
  });

  it('that completes the first part: UploadPart in place of the Put, and the upload begins', async () => {
    const { harness, fragment } = await receivedUpTo(3 * cut);
    const calls = await callsOf(harness, fragment(3 * cut, 4 * cut));
    expect(calls).toEqual({ createUpload: 1, uploadPart: 1, write: 1 });
  });

  it('that completes a later part: UploadPart in place of the Put', async () => {
    const { harness, fragment } = await receivedUpTo(7 * cut);
    expect(await callsOf(harness, fragment(7 * cut, 8 * cut))).toEqual({ uploadPart: 1, write: 1 });
  });

  it('the next one deletes the pieces of the part, all at once', async () => {
    const { harness, fragment } = await receivedUpTo(8 * cut);
    expect(harness.objects.pieces.size).toBe(3);
    expect(await callsOf(harness, fragment(8 * cut, 9 * cut))).toEqual({
      deletePieces: 1,
      putPiece: 1,
      write: 1,
    });
    expect(harness.objects.pieces.size).toBe(1);
  });

  it('that completes a part with something left over: one Put more', async () => {
    const { harness, fragment } = await receivedUpTo(7 * cut);
    expect(await callsOf(harness, fragment(7 * cut, 9 * cut))).toEqual({
      uploadPart: 1,
      putPiece: 1,
      write: 1,
    });
  });

  it('that completes two parts: two of them', async () => {
    const { harness, fragment } = await receivedUpTo(cut, 20_000);
    const calls = await callsOf(harness, fragment(cut, 8 * cut));
    expect(calls).toEqual({ createUpload: 1, uploadPart: 2, write: 1 });
  });

  it('that completes a part, cold: one read, and one of every piece', async () => {
    const { harness, fragment } = await receivedUpTo(7 * cut);
    harness.coldStart();
    expect(await callsOf(harness, fragment(7 * cut, 8 * cut))).toEqual({
      read: 1,
      getPiece: 3,
      uploadPart: 1,
      write: 1,
    });
  });

  it('that reaches the end uploads the last part, whatever its size', async () => {
    const { harness, fragment } = await receivedUpTo(9 * cut);
    expect(await callsOf(harness, fragment(9 * cut, 10_000))).toEqual({ uploadPart: 1, write: 1 });
  });

  it('that meets a full tail stages its run again: one Put, one write, warm no Get', async () => {
    const { harness, fragment } = await receivedUpTo(3 * cut, 10_000, {
      targetPartBytes: 8192,
      maxTailPieces: 3,
    });
    expect(await callsOf(harness, fragment(3 * cut, 4 * cut))).toEqual({ putPiece: 1, write: 1 });
    const next = await callsOf(harness, fragment(4 * cut, 5 * cut));
    expect(next).toEqual({ deletePieces: 1, putPiece: 1, write: 1 });
  });

  it.each([
    ['is known', (at: number) => [0, at]],
    ['leaves a gap', (at: number) => [at + 1, at + 2]],
  ])('that %s: one read, for a refusal is given on a fresh session only', async (what, rangeOf) => {
    const { harness, fragment } = await receivedUpTo(2 * cut);
    const [from = 0, end = 0] = rangeOf(2 * cut);
    const status = what === 'is known' ? 200 : 416;
    expect(await callsOf(harness, fragment(from, end), status)).toEqual({ read: 1 });
    expect(await callsOf(harness, fragment(from, end), status)).toEqual({ read: 1 });
  });

  it('of a session that nobody knows: one read', async () => {
    const { harness, entity } = await receivedUpTo(0);
    const unknown = '{00000000-0000-4000-8000-000000000000}';
    expect(await callsOf(harness, fragmentPacket(unknown, 0, entity, 10_000), 500)).toEqual({ read: 1 });
  });

  it('of an id that was never issued: nothing', async () => {
    const { harness, entity } = await receivedUpTo(0);
    expect(await callsOf(harness, fragmentPacket('never', 0, entity, 10_000), 500)).toEqual({});
  });
});

describe('the other packets', () => {
  it('PING touches nothing', async () => {
    expect(await callsOf(harnessOf(), pingPacket())).toEqual({});
  });

  it('CREATE: a look at the destination and a write; no look where overwriting is allowed', async () => {
    expect(await callsOf(harnessOf(), createPacket())).toEqual({ head: 1, write: 1 });
    expect(await callsOf(harnessOf({ allowOverwrites: true }), createPacket())).toEqual({ write: 1 });
  });

  it('CLOSE of a file whose pieces are gone already', async () => {
    const { harness, session } = await receivedUpTo(4 * cut, 4 * cut);
    harness.objects.pieces.clear();
    expect(await callsOf(harness, closePacket(session))).toEqual({
      read: 1,
      listParts: 1,
      write: 2,
      head: 2,
      completeUpload: 1,
      listPieces: 1,
    });
  });

  it('CLOSE with pieces left: one delete more', async () => {
    const { harness, session } = await receivedUpTo(4 * cut, 4 * cut);
    expect(harness.objects.pieces.size).toBe(3);
    const calls = await callsOf(harness, closePacket(session));
    expect(calls).toMatchObject({ listPieces: 1, deletePieces: 1, write: 2, read: 1 });
    expect(harness.objects.pieces.size).toBe(0);
  });

  it('a CLOSE or CANCEL that is repeated: one read', async () => {
    const { harness, session } = await receivedUpTo(4 * cut, 4 * cut);
    await harness.send(closePacket(session));
    expect(await callsOf(harness, closePacket(session))).toEqual({ read: 1 });
    expect(await callsOf(harness, cancelPacket(session))).toEqual({ read: 1 });
  });

  it('CANCEL before the first part: the tombstone, one listing, one delete, and the end of the clean-up', async () => {
    const { harness, session } = await receivedUpTo(2 * cut);
    const calls = await callsOf(harness, cancelPacket(session));
    expect(calls).toEqual({ read: 1, write: 2, listPieces: 1, deletePieces: 1 });
  });

  it('CANCEL after the first part aborts the upload as well', async () => {
    const { harness, session } = await receivedUpTo(5 * cut);
    const calls = await callsOf(harness, cancelPacket(session));
    expect(calls).toEqual({ read: 1, write: 2, abortUpload: 1, listPieces: 1, deletePieces: 1 });
  });

  it('CLOSE of an empty file: the upload of one empty part besides', async () => {
    const { harness, session } = await receivedUpTo(0);
    expect(await callsOf(harness, closePacket(session))).toEqual({
      read: 1,
      write: 3,
      createUpload: 1,
      uploadPart: 1,
      listParts: 1,
      head: 3,
      completeUpload: 1,
      listPieces: 1,
    });
  });
});

describe('a whole file', () => {
  it.each([
    ['one fragment', 1000],
    ['one part', 4096],
    ['ten parts', 40_000],
    ['ten parts, cut unevenly', 40_001],
  ])('%s: at most 8 calls of S3 and 5 of DynamoDB besides those of its fragments', async (_, total) => {
    const harness = harnessOf();
    const entity = randomBytes(total);
    const session = await openSession(harness);
    const fragments = Math.ceil(total / cut);
    for (let at = 0; at < total; at += cut) {
      await harness.send(fragmentPacket(session, at, entity.subarray(at, at + cut), total));
    }
    expect((await harness.send(closePacket(session))).status).toBe(200);
    const { putPiece, uploadPart, deletePieces, ...besides } = harness.objects.calls;
    expect(putPiece + uploadPart).toBe(fragments);
    // At most one in the shadow of a later store for every part, and one at CLOSE.
    expect(deletePieces).toBeLessThanOrEqual(Math.ceil(total / 4096) + 1);
    const deletesAtClose = total > cut ? 1 : 0;
    const s3Calls = Object.values(besides).reduce((sum, count) => sum + count, deletesAtClose);
    expect(s3Calls).toBeLessThanOrEqual(8);
    expect(harness.objects.calls.getPiece).toBe(0);
    const { read, write } = harness.sessions.calls;
    expect(read + write - fragments).toBeLessThanOrEqual(5);
  });

  it('with publishOn last-fragment as well', async () => {
    const harness = harnessOf({ publishOn: 'last-fragment' });
    const entity = randomBytes(10_000);
    const session = await openSession(harness);
    for (let at = 0; at < 10_000; at += cut) {
      await harness.send(fragmentPacket(session, at, entity.subarray(at, at + cut), 10_000));
    }
    await harness.send(closePacket(session));
    const { putPiece, uploadPart, deletePieces: _, ...besides } = harness.objects.calls;
    expect(putPiece + uploadPart).toBe(10);
    expect(Object.values(besides).reduce((sum, count) => sum + count, 1)).toBeLessThanOrEqual(8);
    const { read, write } = harness.sessions.calls;
    expect(read + write - 10).toBeLessThanOrEqual(6);
  });
});

describe('bytes written to S3 for each byte of a file, at the real proportions of fragments to parts', () => {
  it.each([
    [
      'fragments of 1,000,000 bytes: once on the way and once in a part, less the one that completes it',
      1000,
      1.9,
    ],
    ['fragments of 5,120 bytes, the smallest there are: gathered in levels', 5, 4],
  ])('%s', async (_, fragmentBytes, most) => {
    const harness = harnessOf({}, { targetPartBytes: fragmentBytes === 5 ? 8192 : 8389 });
    const entity = randomBytes(fragmentBytes === 5 ? 2 * 8195 : 4 * 9000);
    const total = entity.byteLength;
    const session = await openSession(harness);
    for (let at = 0; at < total; at += fragmentBytes) {
      await harness.send(fragmentPacket(session, at, entity.subarray(at, at + fragmentBytes), total));
    }
    await harness.send(closePacket(session));
    expect(harness.objects.object('destination', 'file.bin')?.body.equals(entity)).toBe(true);
    const written = harness.objects.bytesWritten / total;
    expect(written).toBeGreaterThan(1);
    expect(written).toBeLessThanOrEqual(most);
    expect(harness.objects.calls.getPiece).toBe(0);
  });
});
