import { keyPlaceholders, maxKeyBytes, splitKeyTemplate } from '../../lib/access/key-template.ts';
import { relativePathFault } from '../../lib/access/path-rules.ts';
import { didYouMean } from './suggest.ts';

/** One of these makes two files under one destination two keys, or as good as. */
const distinguishing = ['path', 'filename', 'sessionId'];

/** They hold whatever the caller names a file. */
const callersWords = ['path', 'filename', 'extension'];

/**
 * Segments where a principal stands beside text that a caller chooses: `{principal}-{path}` gives `a` with `b-c` the key of
 * `a-b` with `c`. In a segment of its own it has an end that nobody's file name moves.
 */
const blurredPrincipals = (template: string): readonly string[] =>
  template.split('/').flatMap((segment) => {
    const names = splitKeyTemplate(segment).filter((_, index) => index % 2 === 1);
    const beside = names.find((name) => callersWords.includes(name));
    return names.includes('principal') && beside !== undefined
      ? [
          `has {principal} and {${beside}} in one segment, where part of a file's name can pass for part of the caller's: ` +
            `give {principal} a segment of its own, as in {principal}/{${beside === 'extension' ? 'path' : beside}}`,
        ]
      : [];
  });

const pathFaults: Readonly<Record<NonNullable<ReturnType<typeof relativePathFault>>, string>> = {
  'lone-surrogate': 'holds half a surrogate pair',
  'control-character': 'holds a control character',
  backslash: 'holds a backslash; folders in keys are divided by /',
  'dot-segment': 'holds a . or .. segment',
  'empty-segment': 'holds an empty segment: no / at either end, and never two in a row',
};

/** Everything wrong with a key template that can be seen without a file, as phrases; empty when it can be used. */
export const keyTemplateFaults = (template: string): readonly string[] => {
  if (template === '') return ['is empty'];
  const pieces = splitKeyTemplate(template);
  const literals = pieces.filter((_, index) => index % 2 === 0);
  const names = pieces.filter((_, index) => index % 2 === 1);
  if (literals.some((literal) => /[{}]/.test(literal))) return ['holds a brace without its partner'];

  const known: readonly string[] = keyPlaceholders;
  const faults = names
    .filter((name) => !known.includes(name))
    .map((name) => `{${name}} is not a placeholder${didYouMean(name, known)}`);
  if (!names.some((name) => distinguishing.includes(name))) {
    faults.push('cannot tell files apart: it needs {path}, {filename} or {sessionId}');
  }
  faults.push(...blurredPrincipals(template));
  const sample = literals.join('x');
  const pathFault = relativePathFault(sample);
  if (pathFault !== undefined) faults.push(pathFaults[pathFault]);
  if (Buffer.byteLength(sample, 'utf8') > maxKeyBytes) {
    faults.push(`leaves no room for a file: a key has at most ${maxKeyBytes} bytes`);
  }
  return faults;
};
