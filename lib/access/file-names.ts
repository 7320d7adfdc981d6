import { matchesWildcard } from './wildcards.ts';

/** Which file names a destination takes. `*` is any run of characters, `?` any one; letter case does not count. */
export interface FileNameRules {
  /** One of them must fit; `null`: any name. */
  readonly allowedNames: readonly string[] | null;
  /** None of them may; stronger than the others. */
  readonly deniedNames: readonly string[] | null;
}

/** Whether the last segment of a path is a name that the destination takes. */
export const acceptsName = ({ allowedNames, deniedNames }: FileNameRules, path: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const isIn = (patterns: readonly string[]) =>
    patterns.some((pattern) => matchesWildcard(pattern.toLowerCase(), name));
  return (allowedNames === null || isIn(allowedNames)) && !isIn(deniedNames ?? []);
};
