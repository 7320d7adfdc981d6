import { z } from 'zod';
import type { AccessKind } from '../../lib/access/destination.ts';
import { relativePathFault } from '../../lib/access/path-rules.ts';
import { bucketNameFault } from './bucket-name.ts';
import { byteCount, checked, expected, flag, seconds } from './fields.ts';
import { keyTemplateFaults } from './key-template-rules.ts';
import { replySchema } from './reply-schema.ts';

const prefixFaults = (prefix: string): readonly string[] => {
  if (prefix === '/') return [];
  const faults: string[] = [];
  if (!prefix.startsWith('/') || !prefix.endsWith('/')) faults.push('a prefix starts and ends with /');
  if (prefix.includes('?') || prefix.includes('#')) faults.push('a prefix is a path, without ? and #');
  if (prefix.includes('%')) faults.push('a prefix is written decoded, without percent escapes');
  const fault = relativePathFault(prefix.replace(/^\//, '').replace(/\/$/, ''));
  if (fault !== undefined) faults.push(`a prefix has no ${fault.replace('-', ' ')}`);
  return faults;
};

const bucketFaults = (name: string): readonly string[] => {
  const fault = bucketNameFault(name);
  return fault === undefined ? [] : [fault];
};

const accessKinds = ['none', 'ticket', 'basic'] as const satisfies readonly AccessKind[];
const accessForm = `${accessKinds.slice(0, -1).join(', ')} or ${accessKinds.at(-1)}`;
const accessKind = z.enum(accessKinds, { error: expected(accessForm) });

/** One kind, or a list of them. What a packet shows is tried in the order of `accessKinds`, whatever the file's. */
const accessSchema = z
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
    if (kinds.length > 1 && kinds.includes('none')) {
      refuse('none lets everyone in, so it cannot be mixed with other kinds');
    }
  })
  .transform((kinds) => Object.freeze(accessKinds.filter((kind) => kinds.includes(kind))));

/** One destination as the file writes it; each key for itself. What fits together is judged in `rules.ts`. */
export const destinationSchema = z.object(
  {
    prefix: checked('a URL path such as /uploads/', prefixFaults),
    bucket: checked("the name of a bucket (leave the key out for the stack's own)", bucketFaults).optional(),
    key: checked('a key template such as "{path}"', keyTemplateFaults).optional(),
    maximumUploadSize: byteCount(),
    fragmentLimit: byteCount().optional(),
    allowOverwrites: flag().optional(),
    sessionTimeout: seconds().optional(),
    publishOn: z
      .enum(['close-session', 'last-fragment'], { error: expected('close-session or last-fragment') })
      .optional(),
    enabled: flag().optional(),
    access: accessSchema,
    reply: replySchema.optional(),
  },
  { error: expected('a mapping') },
);

export type DestinationEntry = z.output<typeof destinationSchema>;

/** A YAML mapping with text keys. */
export const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The file. Its entries are parsed one by one, so that one bad entry does not hide the problems of the others. */
export const fileSchema = z.object(
  {
    destinations: z
      .array(z.unknown(), { error: expected('a list of destinations') })
      .min(1, { error: 'must have at least one destination' }),
  },
  { error: expected('a mapping with the key destinations') },
);
