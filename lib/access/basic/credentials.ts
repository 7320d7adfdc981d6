/** User name and password as a client sent them. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** User name, colon and password: much more than any real pair has, and short enough to be hashed without a thought. */
export const maxPairBytes = 768;
const maxEncodedLength = (maxPairBytes / 3) * 4;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** What windows-1252 has from 0x80 to 0x9F, where ISO 8859-1 has control characters. */
const windowsCharacters = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/**
 * UTF-8 where the bytes are, else the code page of a Western Windows: clients of either kind are about
 * [RFC 7617 section 2.1, appendix B].
 */
const decode = (bytes: Uint8Array): string => {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    // TextDecoder reads windows-1252 as ISO 8859-1 in many versions of Node.js.
    return Buffer.from(bytes)
      .toString('latin1')
      .replace(/[\u0080-\u009f]/g, (character) => windowsCharacters.charAt(character.charCodeAt(0) - 0x80));
  }
};

/**
 * The credentials of an `Authorization` header of the Basic scheme [RFC 7617]; `undefined` for anything else, and for a pair
 * with a control character, which the scheme does not have.
 */
export const parseBasic = (header: string | undefined): Credentials | undefined => {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined || encoded.length > maxEncodedLength) return undefined;
  const text = decode(Buffer.from(encoded, 'base64'));
  // HMAC, and so scrypt, fills its key up with zeros: to it a password with a NUL behind is the same password.
  if (/\p{Cc}/u.test(text)) return undefined;
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
};
