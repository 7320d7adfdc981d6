import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, SortedKeys } from '../../../infra/local/s3/store/sorted-keys.ts';

/** Whole characters from all planes; lone surrogates cannot come out of a decoded URL. */
const key = fc.string({ unit: 'binary', maxLength: 6 });
const fewKeys = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\uffed', '😀'), maxLength: 4 });

describe('keys', () => {
  it('compare as their UTF-8 bytes do', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it('stay sorted and single under any additions and deletions', () => {
    const change = fc.record({ key: fewKeys, isAdded: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change), fewKeys, (changes, probe) => {
        const keys = new SortedKeys();
        const expected = new Set<string>();
        for (const { key: changed, isAdded } of changes) {
          if (isAdded) keys.add(changed);
          else keys.delete(changed);
          if (isAdded) expected.add(changed);
          else expected.delete(changed);
        }
        const sorted = [...expected].sort(compareKeys);
        expect(Array.from({ length: keys.size }, (_, index) => keys.at(index))).toEqual(sorted);
        expect(keys.firstAtOrAfter(probe)).toBe(sorted.filter((each) => compareKeys(each, probe) < 0).length);
        expect(keys.firstAfter(probe)).toBe(sorted.filter((each) => compareKeys(each, probe) <= 0).length);
        const start = keys.firstAtOrAfter(probe);
        const prefixed = sorted.slice(start).filter((each) => each.startsWith(probe)).length;
        expect(keys.endOfPrefix(start, probe)).toBe(start + prefixed);
      }),
    );
  });
});
