import { BITS_UPLOAD_PROTOCOL, maxProtocolIds } from './constants.ts';
import { parseGuid } from './guid.ts';

const ours = parseGuid(BITS_UPLOAD_PROTOCOL);

/**
 * Whether a `BITS-Supported-Protocols` value names our protocol among its first 100 identifiers, which spaces, tabs or
 * commas separate [MC-BUP 2.2.2.2, note 6]. Items that are no GUID count as identifiers we do not know.
 */
export const offersOurProtocol = (list: string): boolean =>
  list
    .split(/[ \t,]+/)
    .filter((item) => item !== '')
    .slice(0, maxProtocolIds)
    .some((item) => parseGuid(item) === ours);
