import { toSafeRange } from '../protocol/content-range.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { FragmentHead } from '../protocol/packet.ts';
import {
  nextOffset,
  type Publishing,
  type Receiving,
  type Reply,
  type Session,
  type Stored,
  type Tombstone,
} from './session.ts';

/** Limits of the destination that a fragment is judged by. */
export interface FragmentLimits {
  readonly maximumUploadBytes: number;
  readonly fragmentLimitBytes: number;
}

/** What to do with a fragment, before its body has been looked at. */
export type FragmentDecision =
  /** Answer with this error. */
  | { readonly do: 'refuse'; readonly code: ErrorCode; readonly why: string }
  /** All of it is known, or the entity is complete: 200 with the offset as it is. */
  | { readonly do: 'acknowledge'; readonly offset: number; readonly reply?: Reply }
  /** Every byte is here, but something of F14 has not succeeded yet: try it again. */
  | { readonly do: 'finish'; readonly session: Stored | Publishing }
  /** Take the bytes `[from, end)`, skipping the first `skipBytes` of the body. The entity may be empty. */
  | {
      readonly do: 'store';
      readonly session: Receiving;
      readonly from: number;
      readonly end: number;
      readonly totalBytes: number;
      readonly skipBytes: number;
    };

const refuse = (code: ErrorCode, why: string): FragmentDecision => ({ do: 'refuse', code, why });

/**
 * Check C10, then rows F1 to F9 and F11 of the fragment table, top to bottom; the first that applies decides (mode O:
 * overlaps are cut). `session` is what the packet may see, `undefined` if nothing.
 */
export const decideFragment = (
  head: FragmentHead,
  session: Session | undefined,
  limits: FragmentLimits,
): FragmentDecision => {
  if (session === undefined || session.state === 'tombstone') {
    return refuse('SESSION_NOT_FOUND', 'no such session for this URL and principal'); // C10
  }
  const next = nextOffset(session);
  const { range, contentLength } = head;
  // Z1 stands before F1: an empty entity has no first and last byte to name.
  const isEmptyEntity = range === 'empty';
  if (range === 'invalid')
    return refuse('INVALID_REQUEST', 'Content-Range is missing or not first-last/total'); // F1
  if (!isEmptyEntity && contentLength !== range.last - range.first + 1n) {
    return refuse('INVALID_REQUEST', 'Content-Length differs from the length of Content-Range'); // F2
  }
  const bytes = isEmptyEntity ? { first: 0, end: 0, total: 0 } : toSafeRange(range);
  if (bytes === undefined || bytes.total > limits.maximumUploadBytes) {
    return refuse('ENTITY_TOO_LARGE', 'the total is above maximumUploadSize'); // F3
  }
  const knownTotal = totalOf(session);
  if (knownTotal !== undefined && knownTotal !== bytes.total) {
    return refuse('INVALID_REQUEST', `the total was ${knownTotal} and is now ${bytes.total}`); // F4
  }
  if (head.contentEncoding !== undefined && head.contentEncoding.toLowerCase() !== 'identity') {
    return refuse('INVALID_REQUEST', 'Content-Encoding must be identity'); // F5
  }
  if (contentLength > BigInt(limits.fragmentLimitBytes)) {
    return refuse('FRAGMENT_TOO_LARGE', 'the fragment is larger than fragmentLimit'); // F6
  }
  if (session.state === 'complete') {
    const { notification } = session;
    return {
      do: 'acknowledge',
      offset: next,
      ...(notification?.is === 'answered' ? { reply: notification.reply } : {}),
    }; // F7
  }
  if (session.state !== 'receiving') return { do: 'finish', session }; // F7a
  if (isEmptyEntity) return { do: 'store', session, from: 0, end: 0, totalBytes: 0, skipBytes: 0 }; // Z1
  if (bytes.first > next) return refuse('RANGE_NOT_NEXT', `a gap: ${next} is expected`); // F8
  if (bytes.end <= next) return { do: 'acknowledge', offset: next }; // F9
  return {
    do: 'store',
    session,
    from: next,
    end: bytes.end,
    totalBytes: bytes.total,
    skipBytes: next - bytes.first,
  }; // F11
};

const totalOf = (session: Exclude<Session, Tombstone>): number | undefined => {
  switch (session.state) {
    case 'receiving':
      return session.progress?.layout.totalBytes;
    case 'stored':
    case 'publishing':
      return session.entity.totalBytes;
    case 'complete':
      return session.totalBytes;
  }
};
