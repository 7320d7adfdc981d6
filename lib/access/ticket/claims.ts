import { principalFault } from '../principal.ts';

/** `typ` of a ticket: what the same key may sign for other purposes is not one. */
export const ticketType = 'bits-ticket+jwt';

/** What a ticket says, in the words of its signed JSON [RFC 7519 for sub, exp, nbf, iat, iss and jti]. */
export interface TicketClaims {
  /** The principal that the upload counts as. */
  readonly sub: string;
  /** Seconds since 1970: from then on no session begins with it. */
  readonly exp: number;
  /** The one decoded URL path that may be written … */
  readonly path?: string;
  /** … or everything below this one, which ends in `/`. One of the two. */
  readonly prefix?: string;
  /** Largest file in bytes, where the destination would take a larger one. */
  readonly max?: number;
  /** Whether an object that is there may be replaced, where the destination allows it too. */
  readonly overwrite?: boolean;
  /** For one upload only; needs `jti`. */
  readonly once?: boolean;
  readonly jti?: string;
  readonly nbf?: number;
  readonly iat?: number;
  readonly iss?: string;
}

type Check = (value: unknown) => boolean;
const isSeconds: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isPath: Check = (value) => typeof value === 'string' && value.startsWith('/') && value.length <= 2_048;
const isFlag: Check = (value) => typeof value === 'boolean';
const isShortText: Check = (value) => typeof value === 'string' && value !== '' && value.length <= 256;

const checks: Readonly<Record<keyof TicketClaims, Check>> = {
  sub: (value) => typeof value === 'string' && principalFault(value) === undefined,
  exp: isSeconds,
  path: (value) => isPath(value) && !String(value).endsWith('/'),
  prefix: (value) => isPath(value) && String(value).endsWith('/'),
  max: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  overwrite: isFlag,
  once: isFlag,
  jti: isShortText,
  nbf: isSeconds,
  iat: isSeconds,
  iss: isShortText,
};

const isClaim = (name: string): name is keyof TicketClaims => Object.hasOwn(checks, name);

const isTicketClaims = (value: unknown): value is TicketClaims =>
  typeof value === 'object' && value !== null && claimsFault(value) === undefined;

/**
 * What is wrong with the claims of a ticket, or `undefined`. One that we do not know counts as wrong: it may be a limit that
 * somebody relies on.
 */
export const claimsFault = (claims: object): string | undefined => {
  for (const [name, value] of Object.entries(claims)) {
    if (!isClaim(name)) return `${name}: no such claim`;
    if (!checks[name](value)) return `${name}: not a value of this claim`;
  }
  const has = (name: keyof TicketClaims) => Object.hasOwn(claims, name);
  if (!has('sub') || !has('exp')) return 'sub and exp are required';
  if (has('path') === has('prefix')) return 'one of path and prefix is required';
  return has('once') && !has('jti') ? 'once needs jti, which is remembered' : undefined;
};

/** The claims in a ticket's payload; `undefined` if it is not one. */
export const parseClaims = (payload: Uint8Array): TicketClaims | undefined => {
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    return isTicketClaims(claims) ? claims : undefined;
  } catch {
    // Signed by somebody with a key, and still not a ticket: to the caller it is a wrong one.
    return undefined;
  }
};
