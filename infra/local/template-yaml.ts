import { type CollectionTag, parseDocument, type ScalarTag } from 'yaml';
import type { z } from 'zod';
import { StartError, type StartErrorCode } from './errors.ts';

/**
 * The short forms of CloudFormation's functions. Each is read as its long form (`!Ref X` → `{Ref: 'X'}`,
 * `!Sub X` → `{'Fn::Sub': 'X'}`), so that a reference is never mistaken for a plain text.
 */
const FUNCTIONS = [
  'Ref',
  'Condition',
  'Base64',
  'Cidr',
  'FindInMap',
  'GetAtt',
  'GetAZs',
  'If',
  'ImportValue',
  'Join',
  'Not',
  'And',
  'Or',
  'Equals',
  'Select',
  'Split',
  'Sub',
  'Transform',
];

const TAGS: (ScalarTag | CollectionTag)[] = FUNCTIONS.flatMap((name) => {
  const longName = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  const scalar: ScalarTag = { tag: `!${name}`, resolve: (text) => ({ [longName]: text }) };
  const collections = (['seq', 'map'] as const).map(
    (collection): CollectionTag => ({
      tag: `!${name}`,
      collection,
      resolve: (node) => ({ [longName]: node.toJSON() }),
    }),
  );
  return [scalar, ...collections];
});

/** A YAML text with CloudFormation tags → plain values. Throws the parser's own `YAMLParseError`. */
export function parseTemplate(text: string): unknown {
  const document = parseDocument(text, { customTags: TAGS, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  return document.toJS();
}

/** The same, as far as a schema asks for it. Throws `StartError` with this code, naming the file and the key. */
export function readTemplate<S extends z.ZodType>(
  text: string,
  schema: S,
  { file, code }: { readonly file: string; readonly code: StartErrorCode },
): z.output<S> {
  let template: unknown;
  try {
    template = parseTemplate(text);
  } catch (cause) {
    throw new StartError(code, `${file} is not YAML: ${String(cause)}`, { cause });
  }
  const parsed = schema.safeParse(template);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = issue?.path.join('.') ?? '';
  throw new StartError(code, `${file}: ${key}: ${issue?.message ?? 'not valid'}`, { cause: parsed.error });
}
