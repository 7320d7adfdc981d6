import { expect } from 'vitest';
import { completionOf, noUpload, type ObjectStoreContext } from './object-store-context.ts';

/** Promises of completing an upload: every answer, and what each leaves behind. */
export const describeCompletions = (context: ObjectStoreContext): void => {
  context.promise('a middle part that is too small is a mismatch, and nothing appears', async () => {
    const bodies = [Buffer.alloc(context.minPartBytes - 1, 'a'), Buffer.from('b')];
    const upload = await context.uploaded(bodies);
    expect(await context.complete(upload, Buffer.concat(bodies))).toBe('mismatch');
    expect(await context.store.head(upload)).toBeUndefined();
    expect(await context.store.listParts(upload)).toHaveLength(2);
  });

  context.promise('another checksum of the whole is a mismatch, and nothing appears', async () => {
    const upload = await context.uploaded([Buffer.from('abc')]);
    expect(await context.complete(upload, Buffer.from('abd'))).toBe('mismatch');
    expect(await context.store.head(upload)).toBeUndefined();
    expect(await context.complete(upload, Buffer.from('abc'))).toBe('completed');
  });

  context.promise('another size of the whole is a mismatch, and nothing appears', async () => {
    const upload = await context.uploaded([Buffer.from('abc')]);
    expect(await context.complete(upload, Buffer.from('abc'), { totalBytes: 4 })).toBe('mismatch');
    expect(await context.store.head(upload)).toBeUndefined();
  });

  context.promise('a part that is not the listed one is an invalid part', async () => {
    const upload = await context.uploaded([Buffer.from('abc')]);
    const stale = await context.store.listParts(upload);
    await context.store.uploadPart(upload, 1, Buffer.from('xyz'));
    expect(await context.store.completeUpload(upload, completionOf(stale, Buffer.from('xyz')))).toBe(
      'invalid-part',
    );
    expect(await context.complete(upload, Buffer.from('xyz'))).toBe('completed');
  });

  context.promise('a part that is not there is an invalid part', async () => {
    const upload = await context.uploaded([Buffer.from('abc')]);
    const [part] = await context.store.listParts(upload);
    const parts = part === undefined ? [] : [part, { ...part, number: 2 }];
    const entity = Buffer.from('abcabc');
    expect(await context.store.completeUpload(upload, completionOf(parts, entity))).toBe('invalid-part');
  });

  context.promise('onlyIfAbsent: an object that is there stays, and so does the upload', async () => {
    const there = await context.published('there');
    const upload = await context.uploaded([Buffer.from('new one')], there);
    expect(await context.complete(upload, Buffer.from('new one'), { onlyIfAbsent: true })).toBe('taken');
    expect(await context.store.head(there)).toMatchObject({ sizeBytes: 5 });
    expect(await context.store.listParts(upload)).toHaveLength(1);
    expect(await context.complete(upload, Buffer.from('new one'))).toBe('completed');
    expect(await context.store.head(there)).toMatchObject({ sizeBytes: 7 });
  });

  context.promise('onlyIfAbsent: a free place is taken', async () => {
    const upload = await context.uploaded([Buffer.from('new')]);
    expect(await context.complete(upload, Buffer.from('new'), { onlyIfAbsent: true })).toBe('completed');
  });

  context.promise('an upload that was completed is no upload any more', async () => {
    const upload = await context.uploaded([Buffer.from('abc')]);
    const parts = await context.store.listParts(upload);
    const completion = completionOf(parts, Buffer.from('abc'));
    expect(await context.store.completeUpload(upload, completion)).toBe('completed');
    for (let again = 0; again < 2; again++) {
      expect(await context.store.completeUpload(upload, completion)).toBe('no-such-upload');
    }
    await expect(context.store.listParts(upload)).rejects.toMatchObject(noUpload);
    await expect(context.store.uploadPart(upload, 1, Buffer.from('late'))).rejects.toMatchObject(noUpload);
    expect(await context.store.head(upload)).toMatchObject({ sizeBytes: 3 });
  });

  context.promise(
    'an upload that was aborted is no upload any more, and aborting it again is no error',
    async () => {
      const upload = await context.uploaded([Buffer.from('abc')]);
      const parts = await context.store.listParts(upload);
      for (let again = 0; again < 3; again++) await context.store.abortUpload(upload);
      await expect(context.store.listParts(upload)).rejects.toMatchObject(noUpload);
      await expect(context.store.uploadPart(upload, 1, Buffer.from('late'))).rejects.toMatchObject(noUpload);
      const answer = await context.store.completeUpload(upload, completionOf(parts, Buffer.from('abc')));
      expect(answer).toBe('no-such-upload');
      expect(await context.store.head(upload)).toBeUndefined();
    },
  );
};
