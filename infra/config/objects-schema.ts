import { z } from 'zod';
import { type Encryption, type ObjectRules, storageClasses } from '../../lib/access/object-terms.ts';
import { checked, expected } from './fields.ts';

/** S3 takes 2 KB of metadata, and what every object says of itself may take three quarters of it. */
export const maxMetadataBytes = 512;
/** S3: tags of one object. */
const maxTags = 10;

const tagCharacters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const tagFault = (name: string, value: string): string | undefined => {
  if (!tagCharacters.test(name + value)) return 'has letters, digits, spaces and _ . : / = + - @ only';
  if (name === '' || name.length > 128) return 'has a name of 1 to 128 characters';
  if (name.toLowerCase().startsWith('aws:')) return 'has a name of its own: aws: is reserved';
  return value.length > 256 ? 'has at most 256 characters' : undefined;
};

const metadataFault = (name: string, value: string): string | undefined => {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return 'has a name of lower-case letters, digits and hyphens';
  if (name.startsWith('bits-')) return 'has a name of its own: bits- is what every object says of itself';
  return /^[\x20-\x7e]*$/.test(value) ? undefined : 'is printable ASCII';
};

const token = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *; *[\w-]+=("[^"\\]*"|[\w.-]+))*$/;
const contentTypeFault = (extension: string, type: string): string | undefined => {
  if (!/^[a-z0-9_-]+$/.test(extension)) return 'is an extension in lower case, without its dot';
  return token.test(type) ? undefined : `${JSON.stringify(type)} is no content type such as text/plain`;
};

const textMapping = (what: string, faultOf: (name: string, value: string) => string | undefined) =>
  z
    .record(
      z.string(),
      z.string({ error: expected('a text (in quotation marks if it looks like a number)') }),
      {
        error: expected(what),
      },
    )
    .superRefine((mapping, context) => {
      for (const [name, value] of Object.entries(mapping)) {
        const fault = faultOf(name, value);
        if (fault !== undefined) context.addIssue({ code: 'custom', message: fault, path: [name] });
      }
    });

const keyArnFaults = (arn: string): readonly string[] =>
  /^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/.test(arn)
    ? []
    : ['is no ARN of a KMS key (of the key itself: an alias may come to stand for another)'];

/** The keys of a destination that say how its objects are kept. */
export const objectShape = {
  storageClass: z.enum(storageClasses, { error: expected(storageClasses.join(', ')) }).optional(),
  encryption: z.enum(['s3', 'kms'], { error: expected('s3 or kms') }).optional(),
  kmsKey: checked('the ARN of a KMS key', keyArnFaults).optional(),
  tags: textMapping('a mapping of names to texts', tagFault)
    .refine((tags) => Object.keys(tags).length <= maxTags, {
      error: `has more than the ${maxTags} tags of S3`,
    })
    .optional(),
  metadata: textMapping('a mapping of names to texts', metadataFault)
    .refine((metadata) => Object.entries(metadata).flat().join('').length <= maxMetadataBytes, {
      error: `has more than ${maxMetadataBytes} bytes of names and values`,
    })
    .optional(),
  contentTypes: textMapping('a mapping of extensions to content types', contentTypeFault).optional(),
};

type ObjectEntry = { readonly [Key in keyof typeof objectShape]?: z.output<(typeof objectShape)[Key]> };

const encryptionOf = ({ encryption, kmsKey }: ObjectEntry): Encryption | null => {
  if (encryption === undefined) return null;
  return encryption === 's3' ? { kind: 's3' } : { kind: 'kms', keyArn: kmsKey ?? null };
};

export const compileObjectRules = (entry: ObjectEntry): ObjectRules =>
  Object.freeze({
    storageClass: entry.storageClass ?? null,
    encryption: encryptionOf(entry),
    tags: entry.tags ?? {},
    metadata: entry.metadata ?? {},
    contentTypes: entry.contentTypes ?? {},
  });

/** A key that would never be used. */
export const encryptionProblems = ({ encryption, kmsKey }: ObjectEntry) =>
  kmsKey !== undefined && encryption !== 'kms'
    ? [{ key: 'kmsKey', message: 'names a key that nothing uses: only with encryption: kms' }]
    : [];
