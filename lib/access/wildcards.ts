/** Stands for any run of items in a pattern. */
export const star = Symbol('any');
export type Pattern<T> = readonly (T | typeof star)[];

/** Whole match, in pattern × text steps at most, so that no text can make it slow. */
export const matches = <P, T>(
  pattern: Pattern<P>,
  text: readonly T[],
  fits: (wanted: P, item: T) => boolean,
): boolean => {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let textAtStar = 0;
  while (t < text.length) {
    const wanted = pattern[p];
    const item = text[t];
    if (wanted === star) {
      starAt = p++;
      textAtStar = t;
    } else if (wanted !== undefined && item !== undefined && fits(wanted, item)) {
      p++;
      t++;
    } else if (starAt !== -1) {
      p = starAt + 1;
      t = ++textAtStar;
    } else {
      return false;
    }
  }
  while (pattern[p] === star) p++;
  return p === pattern.length;
};

/** Whole match of a text with a pattern in which `*` is any run of characters and `?` any one; letter case counts. */
export const matchesWildcard = (pattern: string, text: string): boolean =>
  matches(
    [...pattern].map((character) => (character === '*' ? star : character)),
    [...text],
    (wanted, character) => wanted === '?' || wanted === character,
  );
