import { describe, expect, it } from 'vitest';
import { settleAll } from '../../lib/upload/settle-all.ts';

/** A promise that is ended from outside, and the order in which things happened. */
const controlled = <T>() => {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};

/** Lets everything run that waits for nothing outside. */
const drain = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

describe('settleAll', () => {
  it('gives every result in its place, promised or not', async () => {
    expect(await settleAll([Promise.resolve(1), 'two', undefined])).toEqual([1, 'two', undefined]);
    expect(await settleAll([])).toEqual([]);
  });

  it('rejects only when everything has ended, with the first failure in order', async () => {
    const [slow, failing, last] = [controlled<number>(), controlled<number>(), controlled<number>()];
    const seen: string[] = [];
    const all = settleAll([slow.promise, failing.promise, last.promise]).catch((error: unknown) => {
      seen.push(String(error));
    });
    failing.reject(new Error('the second'));
    last.reject(new Error('the third'));
    await drain();
    expect(seen).toEqual([]);
    slow.resolve(1);
    await all;
    expect(seen).toEqual(['Error: the second']);
  });

  it('leaves no rejection unhandled', async () => {
    const both = [Promise.reject(new Error('one')), Promise.reject(new Error('two'))];
    await expect(settleAll(both)).rejects.toThrow('one');
  });
});
