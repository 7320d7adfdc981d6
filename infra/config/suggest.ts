/** How many single-character insertions, deletions and replacements lie between two words. */
const editDistance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, character] of [...a].entries()) {
    const current = [row + 1];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (character === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
};

/** People who migrate type the names they know: `BITSAllowOverwrites`. */
const comparable = (word: string): string => word.replace(/^BITS/, '').toLowerCase();

/** ` (did you mean …?)` with the known word that is closest to a misspelt one, or nothing when none is close. */
export const didYouMean = (word: string, known: readonly string[]): string => {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(comparable(word), comparable(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  const close = best !== undefined && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3));
  return close ? ` (did you mean ${best.candidate}?)` : '';
};
