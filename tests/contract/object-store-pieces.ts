import { expect } from 'vitest';
import { inBatches, noPiece, type ObjectStoreContext } from './object-store-context.ts';

/** Promises of pieces in staging. */
export const describePieces = (context: ObjectStoreContext): void => {
  context.promise('a piece is read as it was put', async () => {
    const prefix = context.newPrefix();
    const bodies = [Buffer.alloc(0), Buffer.from([0, 0xff, 10, 13]), Buffer.alloc(100_000, 'ä')];
    for (const [index, body] of bodies.entries()) {
      await context.store.putPiece(`${prefix}${index}-a`, body);
      expect(Buffer.from(await context.store.getPiece(`${prefix}${index}-a`)).equals(body)).toBe(true);
    }
  });

  context.promise('a part of a buffer is put as that part', async () => {
    const key = `${context.newPrefix()}0-a`;
    await context.store.putPiece(key, Buffer.from('abcdef').subarray(2, 4));
    expect(Buffer.from(await context.store.getPiece(key)).toString()).toBe('cd');
  });

  context.promise('what the caller does with its buffer afterwards does not matter', async () => {
    const key = `${context.newPrefix()}0-a`;
    const body = Buffer.from('before');
    await context.store.putPiece(key, body);
    body.fill('x');
    expect(Buffer.from(await context.store.getPiece(key)).toString()).toBe('before');
  });

  context.promise('a piece that is missing is NO_SUCH_PIECE', async () => {
    await expect(context.store.getPiece(`${context.newPrefix()}0-a`)).rejects.toMatchObject(noPiece);
  });

  context.promise(
    'pieces that are deleted are gone; those that were not there count as deleted',
    async () => {
      const prefix = context.newPrefix();
      const keys = ['0-a', '1-b', '2-c'].map((name) => prefix + name);
      for (const key of keys.slice(0, 2)) await context.store.putPiece(key, Buffer.from(key));
      await context.store.deletePieces(keys.slice(1));
      expect(await context.store.listPieces(prefix)).toEqual(keys.slice(0, 1));
      await context.store.deletePieces(keys);
      await context.store.deletePieces(keys);
      await context.store.deletePieces([]);
      expect(await context.store.listPieces(prefix)).toEqual([]);
    },
  );

  context.promise('a listing has the keys with its prefix and no others', async () => {
    const prefix = context.newPrefix();
    expect(await context.store.listPieces(prefix)).toEqual([]);
    await context.store.putPiece(`${prefix}10-a`, Buffer.from('x'));
    await context.store.putPiece(`${prefix}9-b`, Buffer.from('x'));
    await context.store.putPiece(`${prefix.slice(0, -1)}0/0-c`, Buffer.from('x'));
    expect((await context.store.listPieces(prefix)).toSorted()).toEqual([`${prefix}10-a`, `${prefix}9-b`]);
  });

  context.promise('more than 1,000 pieces are listed and deleted, every one', async () => {
    const prefix = context.newPrefix();
    const keys = Array.from({ length: 1005 }, (_, index) => `${prefix}${index}-a`);
    await inBatches(keys.length, (index) => context.store.putPiece(keys[index] ?? '', Buffer.from('x')));
    expect((await context.store.listPieces(prefix)).toSorted()).toEqual(keys.toSorted());
    await context.store.deletePieces(keys);
    expect(await context.store.listPieces(prefix)).toEqual([]);
  });
};
