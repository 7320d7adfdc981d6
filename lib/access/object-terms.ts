import { type ContentTypes, contentTypeOf } from './content-type.ts';

/** Classes that an object can be written in and stays whole in; what S3 adds later needs a line here. */
export const storageClasses = [
  'STANDARD',
  'INTELLIGENT_TIERING',
  'STANDARD_IA',
  'ONEZONE_IA',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const;

/** How a destination wants its objects kept. `null`: as the bucket has it. */
export interface ObjectRules {
  readonly storageClass: (typeof storageClasses)[number] | null;
  readonly encryption: Encryption | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly contentTypes: ContentTypes;
}

/** SSE-S3, or SSE-KMS with a key (ARN) or with the account's own for S3. */
export type Encryption = { readonly kind: 's3' } | { readonly kind: 'kms'; readonly keyArn: string | null };

/** What one object is given. */
export interface ObjectTerms extends Omit<ObjectRules, 'contentTypes'> {
  readonly contentType: string;
}

interface Rules {
  readonly prefix: string;
  readonly objects: ObjectRules;
}

/**
 * What an object is given whose session began under the destination of a prefix. Looked up when its upload begins: a
 * session carries no copy. A destination that is gone leaves everything to the bucket.
 */
export const objectTermsOf = (
  destinations: readonly Rules[],
  prefix: string,
  originalName: string,
): ObjectTerms => {
  const rules = destinations.find((destination) => destination.prefix === prefix)?.objects;
  const { contentTypes = {}, ...terms } = rules ?? {
    storageClass: null,
    encryption: null,
    tags: {},
    metadata: {},
  };
  return { ...terms, contentType: contentTypeOf(originalName, contentTypes) };
};
