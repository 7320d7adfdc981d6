/** User name and password as a client sent them. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Much longer than any real pair, and short enough to be hashed without a thought. */
const maxEncodedLength = 1_024;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** UTF-8 where the bytes are, else ISO 8859-1: clients of either kind are about [RFC 7617 section 2.1, appendix B]. */
const decode = (bytes: Uint8Array): string => {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
};

/** The credentials of an `Authorization` header of the Basic scheme [RFC 7617]; `undefined` for anything else. */
export const parseBasic = (header: string | undefined): Credentials | undefined => {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined || encoded.length > maxEncodedLength) return undefined;
  const text = decode(Buffer.from(encoded, 'base64'));
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
};
