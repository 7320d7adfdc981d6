import { type PathFault, relativePathFault } from './path-rules.ts';

/** Longest key S3 takes, in bytes of UTF-8. */
export const maxKeyBytes = 1024;

/** What a template may name, each in braces: `{path}`. */
export const keyPlaceholders = [
  'path',
  'filename',
  'extension',
  'principal',
  'sessionId',
  'yyyy',
  'mm',
  'dd',
  'hh',
] as const;

type Placeholder = (typeof keyPlaceholders)[number];

/** What one upload brings to its key. */
export interface KeyValues {
  /** What follows the destination's prefix, decoded (`reports/q3.xlsx`). Its last segment is the file name. */
  readonly path: string;
  /** Who uploads. Becomes part of one segment, whatever it holds. */
  readonly principal: string;
  /** Canonical: no braces. */
  readonly sessionId: string;
  /** When the session was created, in milliseconds since 1970; the key's dates are its UTC hour. */
  readonly createdAtEpochMs: number;
}

/** Why there is no key: the fault of a path, or `template` (malformed), `empty-value`, `too-long`. */
export type KeyRefusal = PathFault | 'template' | 'empty-value' | 'too-long';

export type ExpandedKey =
  | { readonly ok: true; readonly key: string }
  | { readonly ok: false; readonly reason: KeyRefusal };

/** A template taken apart: literal texts at even positions (some empty), names at odd ones, known or not. */
export const splitKeyTemplate = (template: string): readonly string[] => template.split(/\{([^{}]*)\}/);

/** `.profile` and `README` have none. */
const extensionOf = (filename: string): string => {
  const dot = filename.lastIndexOf('.');
  return dot > 0 ? filename.slice(dot + 1) : '';
};

/**
 * One segment of a key that no other text gives: everything but letters, digits and `-_.!~*'()@` is percent-encoded,
 * and so are dots at the start, so that it neither adds a level nor climbs one.
 */
const encodeSegment = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('%40', '@')
    .replace(/^\.+/, (dots) => '%2E'.repeat(dots.length));

const expandPlaceholder = (name: Placeholder, values: KeyValues): string => {
  const filename = values.path.slice(values.path.lastIndexOf('/') + 1);
  const createdAt = new Date(values.createdAtEpochMs).toISOString();
  switch (name) {
    case 'path':
      return values.path;
    case 'filename':
      return filename;
    case 'extension':
      return extensionOf(filename);
    case 'principal':
      return encodeSegment(values.principal);
    case 'sessionId':
      return encodeSegment(values.sessionId);
    case 'yyyy':
      return createdAt.slice(0, 4);
    case 'mm':
      return createdAt.slice(5, 7);
    case 'dd':
      return createdAt.slice(8, 10);
    case 'hh':
      return createdAt.slice(11, 13);
  }
};

const refuse = (reason: KeyRefusal): ExpandedKey => ({ ok: false, reason });

/**
 * The S3 key of an upload. A key is never empty, never over 1,024 bytes, has no empty, `.` or `..` segment, no slash
 * at either end, no control character; a template with the whole `{path}` gives distinct paths distinct keys.
 * Expansion is one pass: a value that spells `{path}` stays that text.
 */
export const expandKey = (template: string, values: KeyValues): ExpandedKey => {
  const pathFault = relativePathFault(values.path);
  if (pathFault !== undefined) return refuse(pathFault);
  if (/\p{Surrogate}/u.test(values.principal + values.sessionId)) return refuse('lone-surrogate');

  let key = '';
  for (const [index, piece] of splitKeyTemplate(template).entries()) {
    if (index % 2 === 0) {
      if (/[{}]/.test(piece)) return refuse('template');
      key += piece;
      continue;
    }
    const name = keyPlaceholders.find((placeholder) => placeholder === piece);
    if (name === undefined) return refuse('template');
    const value = expandPlaceholder(name, values);
    // No extension is a fact about a file; no principal or session is a fault, and would merge what must stay apart.
    if (value === '' && name !== 'extension') return refuse('empty-value');
    key += value;
  }
  const keyFault = relativePathFault(key);
  if (keyFault !== undefined) return refuse(keyFault);
  return Buffer.byteLength(key, 'utf8') > maxKeyBytes ? refuse('too-long') : { ok: true, key };
};
