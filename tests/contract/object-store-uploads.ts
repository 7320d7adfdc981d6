import { expect } from 'vitest';
import {
  completionOf,
  inBatches,
  metadata,
  noPiece,
  noUpload,
  type ObjectStoreContext,
} from './object-store-context.ts';

/** Promises of multipart uploads, up to their completion. */
export const describeUploads = (context: ObjectStoreContext, listPartsRequests: () => number): void => {
  context.promise('an upload of several parts becomes an object, and is not to be seen before', async () => {
    const bodies = [
      Buffer.alloc(context.minPartBytes, 'a'),
      Buffer.alloc(context.minPartBytes + 1, 'b'),
      Buffer.from('c'),
    ];
    const upload = await context.uploaded(bodies);
    expect(await context.store.head(upload)).toBeUndefined();
    const parts = await context.store.listParts(upload);
    expect(parts.map(({ number, sizeBytes }) => [number, sizeBytes])).toEqual(
      bodies.map((body, index) => [index + 1, body.byteLength]),
    );
    const entity = Buffer.concat(bodies);
    expect(await context.store.completeUpload(upload, completionOf(parts, entity))).toBe('completed');
    expect(await context.store.head(upload)).toMatchObject({
      originalName: metadata.originalName,
      sizeBytes: entity.byteLength,
      sessionId: metadata.sessionId,
    });
  });

  context.promise('parts may come in any order, and the same number again replaces', async () => {
    const upload = await context.begin();
    await context.store.uploadPart(upload, 2, Buffer.from('end'));
    await context.store.uploadPart(upload, 1, Buffer.alloc(context.minPartBytes, 'x'));
    const [before] = await context.store.listParts(upload);
    await context.store.uploadPart(upload, 1, Buffer.alloc(context.minPartBytes, 'y'));
    const parts = await context.store.listParts(upload);
    expect(parts.map(({ number }) => number)).toEqual([1, 2]);
    expect(parts[0]?.etag).not.toBe(before?.etag);
    const entity = Buffer.concat([Buffer.alloc(context.minPartBytes, 'y'), Buffer.from('end')]);
    expect(await context.store.completeUpload(upload, completionOf(parts, entity))).toBe('completed');
  });

  context.promise('parts are copied from an object, in ranges of it and as a whole', async () => {
    const bytes = Buffer.concat([Buffer.alloc(context.minPartBytes, 'a'), Buffer.from('the rest')]);
    const source = await context.uploaded([bytes], context.newTarget('a source & more.bin'));
    expect(await context.complete(source, bytes)).toBe('completed');
    const ranges = await context.begin();
    const cut = context.minPartBytes;
    await context.store.copyPart(ranges, 2, source, { from: cut, end: bytes.byteLength });
    await context.store.copyPart(ranges, 1, source, { from: 0, end: cut });
    expect(await context.complete(ranges, bytes)).toBe('completed');
    const rest = await context.store.readRange(ranges, { from: cut, end: bytes.byteLength });
    expect(Buffer.from(rest).toString()).toBe('the rest');
    const small = await context.published('small');
    const whole = await context.begin();
    await context.store.copyPart(whole, 1, small, undefined);
    expect(await context.complete(whole, Buffer.from('small'))).toBe('completed');
    expect(Buffer.from(await context.store.readRange(whole, { from: 1, end: 3 })).toString()).toBe('ma');
  });

  context.promise(
    'nothing is copied from nowhere, or to no upload, and nothing read from nowhere',
    async () => {
      const upload = await context.begin();
      const there = await context.published('x');
      const nowhere = context.newTarget();
      await expect(context.store.copyPart(upload, 1, nowhere, undefined)).rejects.toMatchObject(noUpload);
      await context.store.abortUpload(upload);
      await expect(context.store.copyPart(upload, 1, there, undefined)).rejects.toMatchObject(noUpload);
      await expect(context.store.readRange(nowhere, { from: 0, end: 1 })).rejects.toMatchObject(noPiece);
    },
  );

  context.promise('an object of zero bytes is one empty part', async () => {
    const upload = await context.uploaded([Buffer.alloc(0)]);
    expect(await context.complete(upload, Buffer.alloc(0))).toBe('completed');
    expect(await context.store.head(upload)).toMatchObject({ sizeBytes: 0 });
  });

  context.promise('an upload without parts has an empty list', async () => {
    expect(await context.store.listParts(await context.begin())).toEqual([]);
  });

  context.promise(
    'more than 1,000 parts are listed, in order of their numbers, a thousand a request',
    async () => {
      const upload = await context.begin();
      await inBatches(1005, (index) =>
        context.store.uploadPart(upload, 1005 - index, Buffer.from(`${1005 - index}`)),
      );
      const before = listPartsRequests();
      const parts = await context.store.listParts(upload);
      expect(listPartsRequests() - before).toBeLessThanOrEqual(2);
      expect(parts.map(({ number }) => number)).toEqual(
        Array.from({ length: 1005 }, (_, index) => index + 1),
      );
      expect(parts.map(({ sizeBytes }) => sizeBytes)).toEqual(parts.map(({ number }) => `${number}`.length));
      await context.store.abortUpload(upload);
    },
  );

  context.promise('two uploads of one key are two uploads; the later completion stays', async () => {
    const target = context.newTarget();
    const first = await context.uploaded([Buffer.from('first')], target);
    const second = await context.uploaded([Buffer.from('the second')], target);
    expect(first.uploadId).not.toBe(second.uploadId);
    expect(await context.complete(second, Buffer.from('the second'))).toBe('completed');
    expect(await context.complete(first, Buffer.from('first'))).toBe('completed');
    expect(await context.store.head(target)).toMatchObject({ sizeBytes: 5 });
  });
};
