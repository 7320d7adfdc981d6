import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summed } from '../../lib/upload/summed.ts';
import { BoundedCache, WarmState } from '../../lib/upload/warm.ts';

const keysOf = <V>(cache: BoundedCache<V>, keys: readonly string[]) =>
  keys.filter((key) => cache.get(key) !== undefined);

describe('BoundedCache', () => {
  it('remembers what was set last under a key', () => {
    const cache = new BoundedCache<number>(2);
    cache.set('a', 1);
    cache.set('a', 2);
    expect(cache.get('a')).toBe(2);
    expect(cache.get('b')).toBeUndefined();
  });

  it('forgets the oldest beyond its number of entries', () => {
    const cache = new BoundedCache<number>(2);
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    expect(keysOf(cache, ['a', 'b', 'c'])).toEqual(['b', 'c']);
  });

  it('what was used is not the oldest', () => {
    const cache = new BoundedCache<number>(2);
    cache.set('a', 1);
    cache.set('b', 1);
    cache.get('a');
    cache.set('c', 1);
    expect(keysOf(cache, ['a', 'b', 'c'])).toEqual(['a', 'c']);
  });

  it('what was set again is not the oldest, and is counted once', () => {
    const cache = new BoundedCache<number>(2);
    cache.set('a', 1);
    cache.set('b', 1);
    cache.set('a', 2);
    expect(keysOf(cache, ['a', 'b'])).toEqual(['a', 'b']);
    cache.set('b', 2);
    cache.set('c', 1);
    expect(keysOf(cache, ['a', 'b', 'c'])).toEqual(['b', 'c']);
  });

  it('forgets as many of the oldest as the bytes of a new one need', () => {
    const cache = new BoundedCache<number>(100, 10, (bytes) => bytes);
    for (const [key, bytes] of [
      ['a', 4],
      ['b', 3],
      ['c', 3],
    ] as const)
      cache.set(key, bytes);
    expect(keysOf(cache, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    cache.set('d', 6);
    expect(keysOf(cache, ['a', 'b', 'c', 'd'])).toEqual(['c', 'd']);
  });

  it('does not keep what is larger than all of it', () => {
    const cache = new BoundedCache<number>(100, 10, (bytes) => bytes);
    cache.set('a', 11);
    expect(cache.get('a')).toBeUndefined();
    cache.set('b', 10);
    expect(cache.get('b')).toBe(10);
  });

  it('gives back the bytes of what was deleted or replaced', () => {
    const cache = new BoundedCache<number>(100, 10, (bytes) => bytes);
    cache.set('a', 10);
    cache.delete('a');
    cache.delete('a');
    cache.set('b', 6);
    cache.set('b', 4);
    cache.set('c', 6);
    expect(keysOf(cache, ['a', 'b', 'c'])).toEqual(['b', 'c']);
  });

  it('keeps within both bounds and remembers nothing wrong, whatever is done to it', () => {
    const step = fc.record({
      do: fc.constantFrom('set', 'get', 'delete'),
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      bytes: fc.nat(12),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const cache = new BoundedCache<number>(4, 20, (bytes) => bytes);
        const last = new Map<string, number>();
        for (const { do: what, key, bytes } of steps) {
          if (what === 'set') {
            cache.set(key, bytes);
            last.set(key, bytes);
            // Room for one is always made: the newest is there.
            expect(cache.get(key)).toBe(bytes);
          } else if (what === 'delete') {
            cache.delete(key);
            last.delete(key);
          } else if (cache.get(key) !== undefined) expect(cache.get(key)).toBe(last.get(key));
          const kept = [...last.keys()].flatMap((known) => cache.get(known) ?? []);
          expect(kept.length).toBeLessThanOrEqual(4);
          expect(kept.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(20);
        }
      }),
    );
  });
});

describe('WarmState', () => {
  it('forgets a piece that is garbage, and hands out garbage once', () => {
    const warm = new WarmState(100);
    warm.pieces.set('s/0-a', summed(new Uint8Array(10)));
    warm.pieces.set('s/10-b', summed(new Uint8Array(10)));
    warm.addGarbage(['s/0-a']);
    warm.addGarbage(['s/5-c']);
    expect(warm.pieces.get('s/0-a')).toBeUndefined();
    expect(warm.pieces.get('s/10-b')?.bytes).toHaveLength(10);
    expect(warm.takeGarbage()).toEqual(['s/0-a', 's/5-c']);
    expect(warm.takeGarbage()).toEqual([]);
  });

  it('bounds pieces by their bytes', () => {
    const warm = new WarmState(100);
    warm.pieces.set('a', summed(new Uint8Array(60)));
    warm.pieces.set('b', summed(new Uint8Array(60)));
    expect(warm.pieces.get('a')).toBeUndefined();
    expect(warm.pieces.get('b')?.bytes).toHaveLength(60);
  });

  describe('memory of bodies', () => {
    const bytes = 100_000;
    const replaced = (warm: WarmState, memory: Uint8Array) => {
      warm.pieces.set('s/0-a', summed(memory));
      warm.addGarbage(['s/0-a']);
    };

    it('is used again once its piece is replaced, for a body of the same length, and once', async () => {
      const warm = new WarmState(2 * bytes);
      const first = warm.memory(bytes);
      replaced(warm, first);
      await warm.during(async () => {
        expect(warm.memory(bytes - 1)).not.toBe(first);
        expect(warm.memory(bytes)).toBe(first);
        expect(warm.memory(bytes)).not.toBe(first);
      });
    });

    it('is not, while another invocation still runs, given up at its deadline or not', async () => {
      const warm = new WarmState(2 * bytes);
      const first = warm.memory(bytes);
      replaced(warm, first);
      let end = () => {};
      const givenUp = warm.during(() => new Promise<void>((resolve) => (end = resolve)));
      await warm.during(async () => expect(warm.memory(bytes)).not.toBe(first));
      end();
      await givenUp;
      await warm.during(async () => expect(warm.memory(bytes)).toBe(first));
    });

    it('is bounded; small memory and views of larger one are left to the garbage collector', () => {
      const warm = new WarmState(0);
      const view = new Uint8Array(2 * bytes).subarray(0, bytes);
      warm.recycle(view);
      warm.recycle(new Uint8Array(10));
      expect(warm.memory(bytes)).not.toBe(view);
      const many = Array.from({ length: 200 }, () => new Uint8Array(bytes));
      for (const memory of many) warm.recycle(memory);
      const again = many
        .map(() => warm.memory(bytes))
        .filter((memory) => many.some((known) => known === memory));
      expect(again).toHaveLength(120);
    });

    it('of lengths that never come back makes room for lengths that do', async () => {
      const warm = new WarmState(0);
      for (let odd = 1; odd <= 200; odd++) warm.recycle(new Uint8Array(bytes + odd));
      const even = warm.memory(bytes);
      warm.recycle(even);
      expect(warm.memory(bytes)).toBe(even);
    });

    it('of a large piece is left to the garbage collector', () => {
      const warm = new WarmState(0);
      const large = new Uint8Array(13_000_000);
      warm.recycle(large);
      expect(warm.memory(large.byteLength)).not.toBe(large);
    });
  });

  it('joins buffers in memory that is used again, but never by two at once', async () => {
    const warm = new WarmState(0);
    const memoryOf = (text: string, during: () => Promise<unknown> = async () => undefined) =>
      warm.joined([Buffer.from(text.slice(0, 2)), Buffer.from(text.slice(2))], async (bytes) => {
        await during();
        expect(Buffer.from(bytes).toString()).toBe(text);
        return bytes.buffer;
      });
    const first = await memoryOf('abcdef');
    expect(await memoryOf('ghi')).toBe(first);
    let second: unknown;
    await memoryOf('jkl', async () => {
      second = await memoryOf('mno');
    });
    expect(second).not.toBe(first);
    await expect(warm.joined([], () => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
    expect(await memoryOf('pqrstu')).toBe(first);
  });
});
