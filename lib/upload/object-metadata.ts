import type { ObjectMetadata } from './object-store.ts';

/** S3 allows 2 KB of user metadata, US-ASCII: each value is percent-encoded and bounded. */
const maxNameBytes = 600;
/** All of the longest principal, 256 bytes, each of them escaped: two that begin alike are two. */
const maxPrincipalBytes = 3 * 256;

const encode = (text: string, maxValueBytes: number): string => {
  // Through UTF-8 and back: half a surrogate pair, which cannot be encoded, becomes a replacement character.
  const encoded = encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'));
  if (encoded.length <= maxValueBytes) return encoded;
  // Never cut through an escape of a longer character: cut back to one that decodes.
  for (let length = maxValueBytes; length > maxValueBytes - 12; length--) {
    const head = encoded.slice(0, length);
    if (isDecodable(head)) return head;
  }
  return '';
};

/** A name that is too long loses its middle: the extension says what the file is, here and when it is read back. */
const encodeName = (name: string): string => {
  const extension = /\.[^./\\]{1,16}$/.exec(name)?.[0] ?? '';
  const encoded = encode(extension, maxNameBytes);
  return encode(name.slice(0, name.length - extension.length), maxNameBytes - encoded.length) + encoded;
};

const isDecodable = (text: string): boolean => {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
};

/** User metadata of a published object; `x-amz-meta-` goes in front of each name. */
export const metadataHeaders = (metadata: ObjectMetadata): Record<string, string> => ({
  'bits-session-id': metadata.sessionId,
  'bits-original-name': encodeName(metadata.originalName),
  'bits-principal': encode(metadata.principal, maxPrincipalBytes),
  ...metadata.terms?.metadata,
});

/** The client's name of the file, read back from its object's metadata. */
export const originalNameOf = (
  metadata: Readonly<Record<string, string>> | undefined,
): string | undefined => {
  const encoded = metadata?.['bits-original-name'];
  return encoded !== undefined && isDecodable(encoded) ? decodeURIComponent(encoded) : undefined;
};

/** The session that published an object, read back from its metadata. */
export const sessionIdOf = (metadata: Readonly<Record<string, string>> | undefined): string | undefined =>
  metadata?.['bits-session-id'];
