import { it } from 'vitest';

/**
 * Where a server is known to differ: the title of a promise, and why this server does not keep it. Such a promise runs
 * all the same and must fail, so a deviation that disappears is noticed, and a new one is never taken for an old one.
 */
export type Deviations = Readonly<Record<string, string>>;

/** A test of a promise, in a suite that runs against several servers. */
export type PromiseTest = (title: string, prove: () => Promise<void>) => void;

/** `it` for a suite with deviations. `check` must be called at the end of the suite: it complains of titles unused. */
export const promisesWith = (deviations: Deviations): { promise: PromiseTest; check: () => void } => {
  const unused = new Set(Object.keys(deviations));
  return {
    promise: (title, prove) => {
      const reason = deviations[title];
      unused.delete(title);
      if (reason === undefined) it(title, prove);
      else it.fails(`${title} (not here: ${reason})`, prove);
    },
    check: () => {
      if (unused.size > 0)
        throw new Error(`deviations of promises that nobody makes: ${[...unused].join('; ')}`);
    },
  };
};
