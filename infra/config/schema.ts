import { z } from 'zod';
import { characterFault, relativePathFault } from '../../lib/access/path-rules.ts';
import { replyPathPrefix } from '../../lib/reply/reply-place.ts';
import { accessSchema, allowSchema, principalFromSchema } from './access-schema.ts';
import { bucketNameFault } from './bucket-name.ts';
import { byteCount, checked, expected, flag, seconds, wholeNumber } from './fields.ts';
import { keyTemplateFaults } from './key-template-rules.ts';
import { objectShape } from './objects-schema.ts';
import { replySchema } from './reply-schema.ts';

const prefixFaults = (prefix: string): readonly string[] => {
  if (prefix === '/') return [];
  const faults: string[] = [];
  if (!prefix.startsWith('/') || !prefix.endsWith('/')) faults.push('a prefix starts and ends with /');
  if (prefix.includes('?') || prefix.includes('#')) faults.push('a prefix is a path, without ? and #');
  if (prefix.includes('%')) faults.push('a prefix is written decoded, without percent escapes');
  if (prefix.startsWith(replyPathPrefix)) faults.push(`${replyPathPrefix} is where replies are fetched`);
  const fault = relativePathFault(prefix.replace(/^\//, '').replace(/\/$/, ''));
  if (fault !== undefined) faults.push(`a prefix has no ${fault.replace('-', ' ')}`);
  return faults;
};

const bucketFaults = (name: string): readonly string[] => {
  const fault = bucketNameFault(name);
  return fault === undefined ? [] : [fault];
};

const namePatternFaults = (pattern: string): readonly string[] => {
  if (pattern === '') return ['is empty'];
  if (/[/\\]/.test(pattern)) return ['is for the name of a file: which folders are open is said with allow'];
  return characterFault(pattern) === undefined ? [] : ['no file name has such a character'];
};
const namePatterns = z
  .array(checked('a file name such as "*.zip"', namePatternFaults), {
    error: expected('a list of file names such as ["*.zip", "*.log"]'),
  })
  .min(1, { error: 'must have at least one name' });

/** One destination as the file writes it; each key for itself. What fits together is judged in `rules.ts`. */
export const destinationSchema = z.object(
  {
    prefix: checked('a URL path such as /uploads/', prefixFaults),
    bucket: checked("the name of a bucket (leave the key out for the stack's own)", bucketFaults).optional(),
    key: checked('a key template such as "{path}"', keyTemplateFaults).optional(),
    maximumUploadSize: byteCount(),
    fragmentLimit: byteCount().optional(),
    allowOverwrites: flag().optional(),
    sessionsPerPrincipal: wholeNumber().optional(),
    openBytesPerPrincipal: byteCount().optional(),
    allowedNames: namePatterns.optional(),
    deniedNames: namePatterns.optional(),
    sessionTimeout: seconds().optional(),
    closeGrace: seconds().optional(),
    publishOn: z
      .enum(['close-session', 'last-fragment'], { error: expected('close-session or last-fragment') })
      .optional(),
    enabled: flag().optional(),
    access: accessSchema,
    principalFrom: principalFromSchema.optional(),
    allow: allowSchema.optional(),
    ...objectShape,
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
