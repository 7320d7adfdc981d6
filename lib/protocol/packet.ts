import {
  announcesEmptyEntity,
  parseContentLength,
  parseContentRange,
  type WireRange,
} from './content-range.ts';
import { ProtocolError } from './errors.ts';
import { parseGuid } from './guid.ts';
import type { RequestHeaders } from './request.ts';

export type PacketType = 'Ping' | 'Create-Session' | 'Fragment' | 'Close-Session' | 'Cancel-Session';

const packetTypes: readonly PacketType[] = [
  'Ping',
  'Create-Session',
  'Fragment',
  'Close-Session',
  'Cancel-Session',
];

/** The packet type of a header value, in any letter case [MC-BUP 2.2.1.2; captures send mixed case]. */
export const parsePacketType = (text: string): PacketType | undefined =>
  packetTypes.find((type) => type.toLowerCase() === text.toLowerCase());

/** What checks C5 to C7 have established of a packet. */
export interface PacketHead {
  readonly type: PacketType;
  /** Bytes of body the client announced; 0 for everything but a fragment. */
  readonly contentLength: bigint;
}

/**
 * Checks C5, C6 and C7: a packet type that this function serves, a decimal `Content-Length`, and no body except on a
 * fragment.
 * @throws ProtocolError INVALID_REQUEST [MC-BUP 2.2.1.2, 3.2.5.2.3; 400 in place of 411: note 23]
 */
export const parsePacketHead = (headers: RequestHeaders, expected: PacketType | undefined): PacketHead => {
  const typeText = headers.get('BITS-Packet-Type');
  const type = typeText === undefined ? undefined : parsePacketType(typeText);
  if (type === undefined)
    throw new ProtocolError('INVALID_REQUEST', 'BITS-Packet-Type is missing or unknown');
  if (type !== expected)
    throw new ProtocolError('INVALID_REQUEST', `a ${type} packet came to another's function`);
  const contentLength = parseContentLength(headers.get('Content-Length') ?? '');
  if (contentLength === undefined) {
    throw new ProtocolError('INVALID_REQUEST', 'Content-Length is missing or not a number');
  }
  if (type !== 'Fragment' && contentLength !== 0n) {
    throw new ProtocolError('INVALID_REQUEST', `a ${type} packet must not have a body`);
  }
  return { type, contentLength };
};

/**
 * Check C9: the session id of a packet that needs one, in canonical form; `undefined` for an id that we never issue and
 * so do not know.
 * @throws ProtocolError INVALID_REQUEST when the header is missing
 */
export const parseSessionId = (headers: RequestHeaders): string | undefined => {
  const text = headers.get('BITS-Session-Id');
  if (text === undefined || text === '')
    throw new ProtocolError('INVALID_REQUEST', 'BITS-Session-Id is missing');
  return parseGuid(text);
};

/** A fragment's own headers, read but not yet judged: the order of judgement is that of the decision (F1 to F11). */
export interface FragmentHead {
  readonly contentLength: bigint;
  /** `empty` is Z1: the entity has no bytes at all. `invalid`: missing, or not in the grammar. */
  readonly range: WireRange | 'empty' | 'invalid';
  readonly contentEncoding: string | undefined;
}

/** Reads `Content-Range` and `Content-Encoding` [MC-BUP 2.2.6]. */
export const readFragmentHead = (headers: RequestHeaders, contentLength: bigint): FragmentHead => {
  const rangeText = headers.get('Content-Range') ?? '';
  // Z1 comes before F1: how Windows announces an empty file is not published, so every form ending in /0 will do.
  const isEmpty = contentLength === 0n && announcesEmptyEntity(rangeText);
  return {
    contentLength,
    range: isEmpty ? 'empty' : (parseContentRange(rangeText) ?? 'invalid'),
    contentEncoding: headers.get('Content-Encoding') || undefined,
  };
};
