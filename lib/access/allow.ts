import { matches, type Pattern, star } from './wildcards.ts';

/** One line of a destination's `allow`: who, known how, may write where. */
export interface AllowRule {
  /** Names; `*` in one stands for any characters. */
  readonly principals: readonly string[];
  /** Ways of being known; `null`: any. */
  readonly access: readonly string[] | null;
  /**
   * Below the destination's prefix: `*` stands for any characters of one segment, a segment `**` for any number of them
   * (at the end: for whatever lies below), `{principal}` for the caller's name.
   */
  readonly paths: readonly string[];
}

const isSame = (a: string, b: string): boolean => a === b;

/** Characters of a text in which `*` is any run, and `{principal}` the characters of a name, stars included. */
const textPattern = (text: string, principal?: string): Pattern<string> =>
  text.split(/(\*|\{principal\})/).flatMap((piece): Pattern<string> => {
    if (piece === '*') return [star];
    return [...(piece === '{principal}' && principal !== undefined ? principal : piece)];
  });

const matchesText = (pattern: Pattern<string>, text: string): boolean => matches(pattern, [...text], isSame);

const matchesPath = (pattern: string, path: string, principal: string): boolean => {
  const written = pattern.split('/');
  // What lies below a folder is not the folder: at the end there must be something.
  const segments = written.at(-1) === '**' ? [...written, '*'] : written;
  return matches(
    segments.map((segment) => (segment === '**' ? star : textPattern(segment, principal))),
    path.split('/'),
    matchesText,
  );
};

/**
 * Whether somebody may write to a path below a destination's prefix: one rule must fit in all three. No rules: everybody
 * who is known may write everywhere.
 */
export const isAllowed = (
  rules: readonly AllowRule[] | null,
  { kind, principal }: { readonly kind: string; readonly principal: string },
  path: string,
): boolean =>
  rules === null ||
  rules.some(
    (rule) =>
      (rule.access === null || rule.access.includes(kind)) &&
      rule.principals.some((name) => matchesText(textPattern(name), principal)) &&
      rule.paths.some((pattern) => matchesPath(pattern, path, principal)),
  );
