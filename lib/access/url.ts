import { characterFault, type PathFault, relativePathFault } from './path-rules.ts';

/** Why a request's URL is not an upload URL. Every one of them is the client's error (400). */
export type UrlRefusal =
  | PathFault
  | 'scheme'
  | 'host'
  | 'target-form'
  | 'fragment-identifier'
  | 'percent-escape'
  | 'not-utf8';

/** The parts of a request that its URL is made of. */
export interface RequestUrl {
  /** `http` or `https`, in any letter case: what the client spoke to the front end. */
  readonly scheme: string;
  /** The `Host` header: a name, an IPv4 address or a bracketed IPv6 address, with or without a port. */
  readonly host: string;
  /** The request target, not decoded, with its query if it had one: origin-form, or absolute-form. */
  readonly target: string;
}

export type ParsedUrl =
  | {
      readonly ok: true;
      /** Percent-decoded exactly once. Starts with `/`; `.`, `..` and empty segments are impossible. */
      readonly path: string;
      /** The path ends in `/`: it names no file, and CREATE-SESSION refuses it. */
      readonly directory: boolean;
      /**
       * What a session is bound to. Two spellings of one URL give one text and two different URLs never do, where
       * "one URL" is RFC 3986 section 6.2.2 and 6.2.3: letter case of scheme, host and escapes, the default port, and
       * escapes of characters that need none. An escaped reserved character (`%2F`, `%3B`) is not the bare one.
       * The query is taken as it stands.
       */
      readonly hashInput: string;
    }
  | { readonly ok: false; readonly reason: UrlRefusal };

const absoluteForm = /^([a-z][a-z0-9+.-]*):\/\/([^/?]*)(.*)$/is;

const refuse = (reason: UrlRefusal): ParsedUrl => ({ ok: false, reason });

/** Scheme and authority in normal form (`https://upload.example.com:8443`), or the reason why not. */
const parseOrigin = (scheme: string, host: string): { origin: string } | { reason: UrlRefusal } => {
  if (!/^https?$/i.test(scheme)) return { reason: 'scheme' };
  // Narrower than the parser behind it, which would read user names, tabs and full-width letters out of a header.
  if (!/^(?:\[[\da-f:.]+\]|[\da-z._-]+)(?::\d*)?$/i.test(host)) return { reason: 'host' };
  const text = `${scheme}://${host}`;
  return URL.canParse(text) ? { origin: new URL(text).origin } : { reason: 'host' };
};

/** Absolute-form says the whole URL, and then the Host header means nothing (RFC 9112 section 3.2.2). */
const splitTarget = (url: RequestUrl): RequestUrl | undefined => {
  if (url.target.startsWith('/')) return url;
  const [, scheme, host, rest] = absoluteForm.exec(url.target) ?? [];
  if (scheme === undefined || host === undefined || rest === undefined) return undefined;
  return { scheme, host, target: rest.startsWith('/') ? rest : `/${rest}` };
};

const decode = (rawPath: string): string | undefined => {
  try {
    return decodeURIComponent(rawPath);
  } catch {
    // The escapes are whole, so what is wrong is the UTF-8 they spell: the URL is refused, with that reason.
    return undefined;
  }
};

/** Escapes whatever is not an unreserved character (RFC 3986 section 2.3), with upper-case digits. */
const escapeReserved = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Bare characters that a path may hold stay bare; the brackets are escaped as every other stranger to a path. */
const normalizeEscapes = (rawPath: string): string =>
  rawPath
    .split(/((?:%[\da-f]{2})+)/i)
    .map((piece, index) => (index % 2 === 1 ? escapeReserved(decodeURIComponent(piece)) : encodeURI(piece)))
    .join('');

/**
 * The path and the binding of a request's URL, or the reason why it is refused. Decodes once: `%252e` is a file name
 * with a percent sign in it. Never throws, whatever the texts are.
 */
export const parseRequestUrl = (url: RequestUrl): ParsedUrl => {
  const parts = splitTarget(url);
  if (parts === undefined) return refuse('target-form');
  const origin = parseOrigin(parts.scheme, parts.host);
  if ('reason' in origin) return refuse(origin.reason);

  const { target } = parts;
  if (target.includes('#')) return refuse('fragment-identifier');
  // The query too: halves of surrogate pairs would all become one character when the text is hashed as UTF-8.
  const rawFault = characterFault(target);
  if (rawFault !== undefined) return refuse(rawFault);
  const queryStart = target.indexOf('?');
  const rawPath = queryStart === -1 ? target : target.slice(0, queryStart);
  const query = queryStart === -1 ? '' : target.slice(queryStart);

  if (/%(?![\da-f]{2})/i.test(rawPath)) return refuse('percent-escape');
  const path = decode(rawPath);
  if (path === undefined) return refuse('not-utf8');
  const directory = path.endsWith('/');
  const relative = path.slice(1, directory && path.length > 1 ? -1 : undefined);
  const fault = path === '/' ? undefined : relativePathFault(relative);
  if (fault !== undefined) return refuse(fault);
  return { ok: true, path, directory, hashInput: `${origin.origin}${normalizeEscapes(rawPath)}${query}` };
};
