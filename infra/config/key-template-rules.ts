import { keyPlaceholders, maxKeyBytes, splitKeyTemplate } from '../../lib/access/key-template.ts';
import { relativePathFault } from '../../lib/access/path-rules.ts';
import { didYouMean } from './suggest.ts';

/** One of these makes two files under one destination two keys, or as good as. */
const distinguishing = ['path', 'filename', 'sessionId'];

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
  const sample = literals.join('x');
  const pathFault = relativePathFault(sample);
  if (pathFault !== undefined) faults.push(pathFaults[pathFault]);
  if (Buffer.byteLength(sample, 'utf8') > maxKeyBytes) {
    faults.push(`leaves no room for a file: a key has at most ${maxKeyBytes} bytes`);
  }
  return faults;
};
