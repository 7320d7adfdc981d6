import { type CollectionTag, parseDocument, type ScalarTag } from 'yaml';

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
