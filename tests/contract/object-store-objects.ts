import { expect } from 'vitest';
import { completionOf, metadata, type ObjectStoreContext, unavailable } from './object-store-context.ts';

/** Promises of finished objects and their names, and of calls that are given up. */
export const describeObjects = (context: ObjectStoreContext): void => {
  context.promise('the head of a place where nothing is', async () => {
    expect(await context.store.head(context.newTarget())).toBeUndefined();
    const there = await context.published('x');
    expect(await context.store.head({ ...there, key: `${there.key}x` })).toBeUndefined();
  });

  for (const name of [
    'plain.txt',
    'Ünïcode 日本語 😀.txt',
    'a b+c%20d&e=f?g#h;i,j:k@l$m.txt',
    'quotes \' and " and < > | * [x] {y} ^ ~ `.txt',
    '..a/...b/ c',
    `${'long'.repeat(200)}.txt`,
  ]) {
    context.promise(`any key, any name, any principal: ${name.slice(0, 40)}`, async () => {
      const target = context.newTarget(name);
      const upload = await context.store.createUpload(target, {
        ...metadata,
        originalName: name,
        principal: name,
      });
      await context.store.uploadPart(upload, 1, Buffer.from('abc'));
      expect(await context.complete(upload, Buffer.from('abc'), { onlyIfAbsent: true })).toBe('completed');
      expect(await context.store.head(target)).toMatchObject({
        sizeBytes: 3,
        sessionId: metadata.sessionId,
      });
    });
  }

  context.promise(
    'a name of half a character, of line ends, of 4,096 bytes does not stop an upload',
    async () => {
      for (const originalName of ['\ud800', 'a\r\nb\u0000', 'ä'.repeat(2048), '']) {
        const upload = await context.store.createUpload(context.newTarget(), {
          ...metadata,
          originalName,
          principal: originalName,
        });
        await context.store.uploadPart(upload, 1, Buffer.from('abc'));
        expect(await context.complete(upload, Buffer.from('abc'))).toBe('completed');
      }
    },
  );

  context.promise(
    'a call that was given up rejects with UNAVAILABLE, and a write with it was not made',
    async () => {
      const signal = AbortSignal.abort(new Error('out of time'));
      const prefix = context.newPrefix();
      const upload = await context.uploaded([Buffer.from('abc')]);
      const parts = await context.store.listParts(upload);
      const calls = [
        context.store.putPiece(`${prefix}0-a`, Buffer.from('x'), signal),
        context.store.getPiece(`${prefix}0-a`, signal),
        context.store.deletePieces([`${prefix}0-a`], signal),
        context.store.listPieces(prefix, signal),
        context.store.createUpload(upload, metadata, signal),
        context.store.uploadPart(upload, 2, Buffer.from('x'), signal),
        context.store.listParts(upload, signal),
        context.store.completeUpload(upload, completionOf(parts, Buffer.from('abc')), signal),
        context.store.abortUpload(upload, signal),
        context.store.head(upload, signal),
      ];
      for (const call of calls) await expect(call).rejects.toMatchObject(unavailable);
      expect(await context.store.listPieces(prefix)).toEqual([]);
      expect(await context.store.listParts(upload)).toEqual(parts);
      expect(await context.store.head(upload)).toBeUndefined();
    },
  );
};
