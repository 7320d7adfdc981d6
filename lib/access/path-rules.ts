/** Why a path or key is not one that this server stores under. */
export type PathFault =
  | 'lone-surrogate'
  | 'control-character'
  | 'backslash'
  | 'dot-segment'
  | 'empty-segment';

/**
 * C0, DEL, C1, and the two code points that XML 1.0 cannot carry at all: S3 answers in XML, so a key with one of them
 * could be written and never be listed again.
 */
const unprintable = /[\p{Cc}\ufffe\uffff]/u;

/** With the `u` flag a proper pair is one code point, so this finds halves only. */
const loneSurrogate = /\p{Surrogate}/u;

/** The first character that no part of a URL or key may hold, escaped or not, or `undefined`. */
export const characterFault = (text: string): PathFault | undefined => {
  if (loneSurrogate.test(text)) return 'lone-surrogate';
  return unprintable.test(text) ? 'control-character' : undefined;
};

/**
 * The first fault of a relative path that must name a file (`a/b.txt`), or `undefined`: no character of
 * `characterFault`, no backslash, no segment that is `.`, `..` or empty. So also no slash at either end, and never the
 * empty text.
 */
export const relativePathFault = (path: string): PathFault | undefined => {
  const fault = characterFault(path);
  if (fault !== undefined) return fault;
  if (path.includes('\\')) return 'backslash';
  const segments = path.split('/');
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'dot-segment';
  return segments.includes('') ? 'empty-segment' : undefined;
};
