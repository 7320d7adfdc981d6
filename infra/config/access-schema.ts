import { z } from 'zod';
import type { AllowRule } from '../../lib/access/allow.ts';
import type { AccessKind } from '../../lib/access/destination.ts';
import { relativePathFault } from '../../lib/access/path-rules.ts';
import { checked, expected } from './fields.ts';
import { didYouMean } from './suggest.ts';

/** In the order in which what a packet shows is tried, whatever the file's. */
const accessKinds = ['none', 'mtls', 'ticket', 'basic'] as const satisfies readonly AccessKind[];
const accessForm = `${accessKinds.slice(0, -1).join(', ')} or ${accessKinds.at(-1)}`;
const accessKind = z.enum(accessKinds, { error: expected(accessForm) });

const reasonsToStandAlone = {
  none: 'none lets everyone in, so it cannot be mixed with other kinds',
  mtls: 'mtls is a property of a listener, so it cannot be mixed with other kinds: give them a destination of their own',
} as const;

/** One kind, or a list of them. */
export const accessSchema = z
  .union([accessKind.transform((kind) => [kind]), z.array(accessKind)], {
    error: expected(
      `${accessForm}, or a list of them`,
      'required: access: none lets everyone who reaches the URL upload, so it is asked for by name',
    ),
  })
  .superRefine((kinds, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message });
    if (kinds.length === 0) refuse('must have at least one kind; access: none for everyone');
    if (new Set(kinds).size < kinds.length) refuse('names a kind twice');
    for (const kind of ['none', 'mtls'] as const) {
      if (kinds.length > 1 && kinds.includes(kind)) refuse(reasonsToStandAlone[kind]);
    }
  })
  .transform((kinds): readonly AccessKind[] =>
    Object.freeze(accessKinds.filter((kind) => kinds.includes(kind))),
  );

/** Types of attributes have letters and digits, or are object identifiers [RFC 4514]. */
export const principalFromSchema = checked('subject, or the type of an attribute such as CN', (text) =>
  /^([A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)+)$/.test(text) ? [] : ['not the type of an attribute'],
);

const pathFaults = (pattern: string): readonly string[] => {
  if (/[{}]/.test(pattern.replaceAll('{principal}', '')))
    return ['the only placeholder of a path is {principal}'];
  const fault = relativePathFault(pattern.replaceAll('{principal}', 'p'));
  if (pattern.startsWith('/')) return ['a path is relative to the prefix, without / in front'];
  if (fault !== undefined) return [`a path has no ${fault.replace('-', ' ')}`];
  const isWhole = pattern.split('/').every((segment) => segment === '**' || !segment.includes('**'));
  return isWhole ? [] : ['** stands for whole segments: a/**, **/a.zip'];
};

const principalFaults = (name: string): readonly string[] => (name === '' ? ['a principal has a name'] : []);

const listOf = <T extends z.ZodType>(item: T, form: string) =>
  z.array(item, { error: expected(form) }).min(1, { error: `must not be empty: leave it out for any` });

const shape = {
  principals: listOf(checked('the name of a principal', principalFaults), 'a list of principals').optional(),
  access: listOf(accessKind, 'a list of kinds of access').optional(),
  paths: listOf(checked('a path below the prefix', pathFaults), 'a list of paths').optional(),
};
const known: readonly string[] = Object.keys(shape);

const ruleSchema = z
  .looseObject(shape, { error: expected('a mapping with principals, access or paths') })
  .transform((entry, context): AllowRule => {
    for (const key of Object.keys(entry)) {
      if (!known.includes(key))
        context.addIssue({ code: 'custom', message: `unknown key${didYouMean(key, known)}`, path: [key] });
    }
    const { principals = ['*'], access = null, paths = ['**'] } = entry;
    return Object.freeze({ principals, access, paths });
  });

/** Who may write where: at least one rule, since an empty list would let nobody in. */
export const allowSchema = z
  .array(ruleSchema, { error: expected('a list of rules') })
  .min(1, { error: 'must have at least one rule; leave it out to let everybody in who is known' });
