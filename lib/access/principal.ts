import { anonymousPrincipal } from '../protocol/constants.ts';

/** A principal is part of a session's record, which has room for about this much before a write costs twice. */
export const maxPrincipalBytes = 256;

/** Why a text is no principal, or `undefined`: it must be printable in logs and headers, and never empty. */
export const principalFault = (text: string): string | undefined => {
  if (text === '') return 'is empty';
  // Its sessions would count against nobody's limits.
  if (text === anonymousPrincipal) return 'is what callers without credentials are called';
  if (/[\p{Cc}\p{Cf}\p{Surrogate}\ufffe\uffff\u2028\u2029]/u.test(text))
    return 'has a character that cannot be printed';
  return Buffer.byteLength(text, 'utf8') > maxPrincipalBytes
    ? `is longer than ${maxPrincipalBytes} bytes`
    : undefined;
};
