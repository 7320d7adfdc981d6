import { timingSafeEqual } from 'node:crypto';
import { parseGuid } from '../protocol/guid.ts';
import type { Session } from '../session/session.ts';
import { replyKey } from '../upload/held.ts';

/** Where the load balancer sends whoever fetches a reply. No destination may have a prefix that begins with it. */
export const replyPathPrefix = '/bits-replies/';

/** The path of a reply's URL: nothing in it needs escaping, and nobody guesses its 128 random bits. */
export const replyPath = (sessionId: string, token: string): string =>
  `${replyPathPrefix}${sessionId}/${token}`;

/** Session and token of a reply's path; `undefined` for every other path. */
export const parseReplyPath = (
  path: string,
): { readonly sessionId: string; readonly token: string } | undefined => {
  if (!path.startsWith(replyPathPrefix)) return undefined;
  const [id = '', token = '', ...rest] = path.slice(replyPathPrefix.length).split('/');
  const sessionId = parseGuid(id);
  return sessionId !== undefined && /^[0-9a-f]{32}$/.test(token) && rest.length === 0
    ? { sessionId, token }
    : undefined;
};

/**
 * The key of the reply that a token opens, while there is one to be had: from the application's answer until the session
 * is closed or its time is over. A wrong token, another session and no reply look alike, and take equally long.
 */
export const openedReplyKey = (
  session: Session | undefined,
  token: string,
  nowMs: number,
): string | undefined => {
  if (session === undefined || session.state === 'receiving' || session.state === 'tombstone')
    return undefined;
  const { notification, sessionId } = session;
  if (notification?.is !== 'answered' || !('token' in notification.reply)) return undefined;
  if (notification.endsAtSeconds <= Math.floor(nowMs / 1000)) return undefined;
  const [known, given] = [Buffer.from(notification.reply.token), Buffer.from(token)];
  return known.byteLength === given.byteLength && timingSafeEqual(known, given)
    ? replyKey(sessionId, token)
    : undefined;
};
