import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import type {
  Completion,
  ListedPart,
  ObjectStore,
  Target,
  UploadRef,
} from '../../lib/upload/object-store.ts';
import { type Deviations, promisesWith } from './deviations.ts';

export interface ObjectStoreOptions {
  /** Called in every test: the store may be shared, every test uses keys of its own. */
  readonly store: () => ObjectStore;
  /** A bucket that objects may be published in. */
  readonly bucket: string;
  /** The least that every part but the last must have here. */
  readonly minPartBytes: number;
  readonly deviations?: Deviations;
  /** How many ListParts requests the server has seen, where it can tell. */
  readonly listPartsRequests?: () => number;
}

const metadata = { sessionId: '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012', originalName: 'a.bin', principal: 'x' };

const noPiece = { name: 'ObjectStoreError', code: 'NO_SUCH_PIECE' };
const noUpload = { name: 'ObjectStoreError', code: 'NO_SUCH_UPLOAD' };
const unavailable = { name: 'ObjectStoreError', code: 'UNAVAILABLE' };

/** Runs so many at a time: a thousand calls at once would measure the client. */
const inBatches = async (count: number, work: (index: number) => Promise<void>): Promise<void> => {
  for (let at = 0; at < count; at += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - at) }, (_, index) => work(at + index)));
  }
};

/** What every ObjectStore promises. Call it inside a `describe`. */
export const describeObjectStore = ({
  store,
  bucket,
  minPartBytes,
  deviations = {},
  listPartsRequests = () => 0,
}: ObjectStoreOptions): void => {
  const { promise, check } = promisesWith(deviations);

  const newPrefix = () => `${randomUUID().toUpperCase()}/`;
  const newTarget = (name = 'file.bin'): Target => ({ bucket, key: `${randomUUID()}/${name}` });

  const begin = (target = newTarget()) => store().createUpload(target, metadata);

  /** An upload with these parts. */
  const uploaded = async (bodies: readonly Uint8Array[], target = newTarget()): Promise<UploadRef> => {
    const upload = await begin(target);
    for (const [index, body] of bodies.entries()) await store().uploadPart(upload, index + 1, body);
    return upload;
  };

  const completionOf = (
    parts: readonly ListedPart[],
    entity: Uint8Array,
    changes: Partial<Completion> = {},
  ) => ({
    parts,
    totalBytes: entity.byteLength,
    crc32: crc32(entity),
    onlyIfAbsent: false,
    ...changes,
  });

  const complete = async (upload: UploadRef, entity: Uint8Array, changes: Partial<Completion> = {}) =>
    store().completeUpload(upload, completionOf(await store().listParts(upload), entity, changes));

  /** Publishes a small object and returns its place. */
  const published = async (text: string, target = newTarget()): Promise<UploadRef> => {
    const upload = await uploaded([Buffer.from(text)], target);
    expect(await complete(upload, Buffer.from(text))).toBe('completed');
    return upload;
  };

  // Pieces

  promise('a piece is read as it was put', async () => {
    const prefix = newPrefix();
    const bodies = [Buffer.alloc(0), Buffer.from([0, 0xff, 10, 13]), Buffer.alloc(100_000, 'ä')];
    for (const [index, body] of bodies.entries()) {
      await store().putPiece(`${prefix}${index}-a`, body);
      expect(Buffer.from(await store().getPiece(`${prefix}${index}-a`)).equals(body)).toBe(true);
    }
  });

  promise('a part of a buffer is put as that part', async () => {
    const key = `${newPrefix()}0-a`;
    await store().putPiece(key, new Uint8Array(Buffer.from('abcdef').buffer.slice(0)).subarray(0, 0));
    await store().putPiece(key, Buffer.from('abcdef').subarray(2, 4));
    expect(Buffer.from(await store().getPiece(key)).toString()).toBe('cd');
  });

  promise('what the caller does with its buffer afterwards does not matter', async () => {
    const key = `${newPrefix()}0-a`;
    const body = Buffer.from('before');
    await store().putPiece(key, body);
    body.fill('x');
    expect(Buffer.from(await store().getPiece(key)).toString()).toBe('before');
  });

  promise('a piece that is missing is NO_SUCH_PIECE', async () => {
    await expect(store().getPiece(`${newPrefix()}0-a`)).rejects.toMatchObject(noPiece);
  });

  promise('pieces that are deleted are gone; those that were not there count as deleted', async () => {
    const prefix = newPrefix();
    const keys = ['0-a', '1-b', '2-c'].map((name) => prefix + name);
    for (const key of keys.slice(0, 2)) await store().putPiece(key, Buffer.from(key));
    await store().deletePieces(keys.slice(1));
    expect(await store().listPieces(prefix)).toEqual(keys.slice(0, 1));
    await store().deletePieces(keys);
    await store().deletePieces(keys);
    await store().deletePieces([]);
    expect(await store().listPieces(prefix)).toEqual([]);
  });

  promise('a listing has the keys with its prefix and no others', async () => {
    const prefix = newPrefix();
    expect(await store().listPieces(prefix)).toEqual([]);
    await store().putPiece(`${prefix}10-a`, Buffer.from('x'));
    await store().putPiece(`${prefix}9-b`, Buffer.from('x'));
    await store().putPiece(`${prefix.slice(0, -1)}0/0-c`, Buffer.from('x'));
    expect((await store().listPieces(prefix)).toSorted()).toEqual([`${prefix}10-a`, `${prefix}9-b`]);
  });

  promise('more than 1,000 pieces are listed and deleted, every one', async () => {
    const prefix = newPrefix();
    const keys = Array.from({ length: 1005 }, (_, index) => `${prefix}${index}-a`);
    await inBatches(keys.length, (index) => store().putPiece(keys[index] ?? '', Buffer.from('x')));
    expect((await store().listPieces(prefix)).toSorted()).toEqual(keys.toSorted());
    await store().deletePieces(keys);
    expect(await store().listPieces(prefix)).toEqual([]);
  });

  // Uploads

  promise('an upload of several parts becomes an object, and is not to be seen before', async () => {
    const bodies = [Buffer.alloc(minPartBytes, 'a'), Buffer.alloc(minPartBytes + 1, 'b'), Buffer.from('c')];
    const upload = await uploaded(bodies);
    expect(await store().head(upload)).toBeUndefined();
    const parts = await store().listParts(upload);
    expect(parts.map(({ number, sizeBytes }) => [number, sizeBytes])).toEqual(
      bodies.map((body, index) => [index + 1, body.byteLength]),
    );
    const entity = Buffer.concat(bodies);
    expect(await store().completeUpload(upload, completionOf(parts, entity))).toBe('completed');
    expect(await store().head(upload)).toEqual({
      sizeBytes: entity.byteLength,
      sessionId: metadata.sessionId,
    });
  });

  promise('parts may come in any order, and the same number again replaces', async () => {
    const upload = await begin();
    await store().uploadPart(upload, 2, Buffer.from('end'));
    await store().uploadPart(upload, 1, Buffer.alloc(minPartBytes, 'x'));
    const [before] = await store().listParts(upload);
    await store().uploadPart(upload, 1, Buffer.alloc(minPartBytes, 'y'));
    const parts = await store().listParts(upload);
    expect(parts.map(({ number }) => number)).toEqual([1, 2]);
    expect(parts[0]?.etag).not.toBe(before?.etag);
    const entity = Buffer.concat([Buffer.alloc(minPartBytes, 'y'), Buffer.from('end')]);
    expect(await store().completeUpload(upload, completionOf(parts, entity))).toBe('completed');
  });

  promise('an object of zero bytes is one empty part', async () => {
    const upload = await uploaded([Buffer.alloc(0)]);
    expect(await complete(upload, Buffer.alloc(0))).toBe('completed');
    expect(await store().head(upload)).toMatchObject({ sizeBytes: 0 });
  });

  promise('an upload without parts has an empty list', async () => {
    expect(await store().listParts(await begin())).toEqual([]);
  });

  promise('more than 1,000 parts are listed, in order of their numbers, a thousand a request', async () => {
    const upload = await begin();
    await inBatches(1005, (index) =>
      store().uploadPart(upload, 1005 - index, Buffer.from(`${1005 - index}`)),
    );
    const before = listPartsRequests();
    const parts = await store().listParts(upload);
    expect(listPartsRequests() - before).toBeLessThanOrEqual(2);
    expect(parts.map(({ number }) => number)).toEqual(Array.from({ length: 1005 }, (_, index) => index + 1));
    expect(parts.map(({ sizeBytes }) => sizeBytes)).toEqual(parts.map(({ number }) => `${number}`.length));
    await store().abortUpload(upload);
  });

  promise('two uploads of one key are two uploads; the later completion stays', async () => {
    const target = newTarget();
    const first = await uploaded([Buffer.from('first')], target);
    const second = await uploaded([Buffer.from('the second')], target);
    expect(first.uploadId).not.toBe(second.uploadId);
    expect(await complete(second, Buffer.from('the second'))).toBe('completed');
    expect(await complete(first, Buffer.from('first'))).toBe('completed');
    expect(await store().head(target)).toMatchObject({ sizeBytes: 5 });
  });

  // Completing

  promise('a middle part that is too small is a mismatch, and nothing appears', async () => {
    const bodies = [Buffer.alloc(minPartBytes - 1, 'a'), Buffer.from('b')];
    const upload = await uploaded(bodies);
    expect(await complete(upload, Buffer.concat(bodies))).toBe('mismatch');
    expect(await store().head(upload)).toBeUndefined();
    expect(await store().listParts(upload)).toHaveLength(2);
  });

  promise('another checksum of the whole is a mismatch, and nothing appears', async () => {
    const upload = await uploaded([Buffer.from('abc')]);
    expect(await complete(upload, Buffer.from('abd'))).toBe('mismatch');
    expect(await store().head(upload)).toBeUndefined();
    expect(await complete(upload, Buffer.from('abc'))).toBe('completed');
  });

  promise('another size of the whole is a mismatch, and nothing appears', async () => {
    const upload = await uploaded([Buffer.from('abc')]);
    expect(await complete(upload, Buffer.from('abc'), { totalBytes: 4 })).toBe('mismatch');
    expect(await store().head(upload)).toBeUndefined();
  });

  promise('a part that is not the listed one is an invalid part', async () => {
    const upload = await uploaded([Buffer.from('abc')]);
    const stale = await store().listParts(upload);
    await store().uploadPart(upload, 1, Buffer.from('xyz'));
    expect(await store().completeUpload(upload, completionOf(stale, Buffer.from('xyz')))).toBe(
      'invalid-part',
    );
    expect(await complete(upload, Buffer.from('xyz'))).toBe('completed');
  });

  promise('a part that is not there is an invalid part', async () => {
    const upload = await uploaded([Buffer.from('abc')]);
    const [part] = await store().listParts(upload);
    const parts = part === undefined ? [] : [part, { ...part, number: 2 }];
    const entity = Buffer.from('abcabc');
    expect(await store().completeUpload(upload, completionOf(parts, entity))).toBe('invalid-part');
  });

  promise('onlyIfAbsent: an object that is there stays, and so does the upload', async () => {
    const there = await published('there');
    const upload = await uploaded([Buffer.from('new one')], there);
    expect(await complete(upload, Buffer.from('new one'), { onlyIfAbsent: true })).toBe('taken');
    expect(await store().head(there)).toMatchObject({ sizeBytes: 5 });
    expect(await store().listParts(upload)).toHaveLength(1);
    expect(await complete(upload, Buffer.from('new one'))).toBe('completed');
    expect(await store().head(there)).toMatchObject({ sizeBytes: 7 });
  });

  promise('onlyIfAbsent: a free place is taken', async () => {
    const upload = await uploaded([Buffer.from('new')]);
    expect(await complete(upload, Buffer.from('new'), { onlyIfAbsent: true })).toBe('completed');
  });

  promise('an upload that was completed is no upload any more', async () => {
    const upload = await uploaded([Buffer.from('abc')]);
    const parts = await store().listParts(upload);
    const completion = completionOf(parts, Buffer.from('abc'));
    expect(await store().completeUpload(upload, completion)).toBe('completed');
    for (let again = 0; again < 2; again++) {
      expect(await store().completeUpload(upload, completion)).toBe('no-such-upload');
    }
    await expect(store().listParts(upload)).rejects.toMatchObject(noUpload);
    await expect(store().uploadPart(upload, 1, Buffer.from('late'))).rejects.toMatchObject(noUpload);
    expect(await store().head(upload)).toMatchObject({ sizeBytes: 3 });
  });

  promise('an upload that was aborted is no upload any more, and aborting it again is no error', async () => {
    const upload = await uploaded([Buffer.from('abc')]);
    const parts = await store().listParts(upload);
    for (let again = 0; again < 3; again++) await store().abortUpload(upload);
    await expect(store().listParts(upload)).rejects.toMatchObject(noUpload);
    await expect(store().uploadPart(upload, 1, Buffer.from('late'))).rejects.toMatchObject(noUpload);
    const answer = await store().completeUpload(upload, completionOf(parts, Buffer.from('abc')));
    expect(answer).toBe('no-such-upload');
    expect(await store().head(upload)).toBeUndefined();
  });

  // Objects

  promise('the head of a place where nothing is', async () => {
    expect(await store().head(newTarget())).toBeUndefined();
    const there = await published('x');
    expect(await store().head({ ...there, key: `${there.key}x` })).toBeUndefined();
  });

  for (const name of [
    'plain.txt',
    'Ünïcode 日本語 😀.txt',
    'a b+c%20d&e=f?g#h;i,j:k@l$m.txt',
    'quotes \' and " and < > | * [x] {y} ^ ~ `.txt',
    '..a/...b/ c',
    `${'long'.repeat(200)}.txt`,
  ]) {
    promise(`any key, any name, any principal: ${name.slice(0, 40)}`, async () => {
      const target = newTarget(name);
      const upload = await store().createUpload(target, { ...metadata, originalName: name, principal: name });
      await store().uploadPart(upload, 1, Buffer.from('abc'));
      expect(await complete(upload, Buffer.from('abc'), { onlyIfAbsent: true })).toBe('completed');
      expect(await store().head(target)).toEqual({ sizeBytes: 3, sessionId: metadata.sessionId });
    });
  }

  promise('a name of half a character, of line ends, of 4,096 bytes does not stop an upload', async () => {
    for (const originalName of ['\ud800', 'a\r\nb\u0000', 'ä'.repeat(2048), '']) {
      const upload = await store().createUpload(newTarget(), {
        ...metadata,
        originalName,
        principal: originalName,
      });
      await store().uploadPart(upload, 1, Buffer.from('abc'));
      expect(await complete(upload, Buffer.from('abc'))).toBe('completed');
    }
  });

  // Giving up

  promise('a call that was given up rejects with UNAVAILABLE, and a write with it was not made', async () => {
    const signal = AbortSignal.abort(new Error('out of time'));
    const prefix = newPrefix();
    const upload = await uploaded([Buffer.from('abc')]);
    const parts = await store().listParts(upload);
    const calls = [
      store().putPiece(`${prefix}0-a`, Buffer.from('x'), signal),
      store().getPiece(`${prefix}0-a`, signal),
      store().deletePieces([`${prefix}0-a`], signal),
      store().listPieces(prefix, signal),
      store().createUpload(upload, metadata, signal),
      store().uploadPart(upload, 2, Buffer.from('x'), signal),
      store().listParts(upload, signal),
      store().completeUpload(upload, completionOf(parts, Buffer.from('abc')), signal),
      store().abortUpload(upload, signal),
      store().head(upload, signal),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject(unavailable);
    expect(await store().listPieces(prefix)).toEqual([]);
    expect(await store().listParts(upload)).toEqual(parts);
    expect(await store().head(upload)).toBeUndefined();
  });

  check();
};
