import type { Session } from '../session/session.ts';
import type { Target } from './object-store.ts';

/** The key in the staging bucket where a destination with a reply application has its upload made. */
export const holdingKey = (sessionId: string): string => `holding/${sessionId}`;

/** All replies of a session begin with this: a notification that was lost may have left one too. */
export const repliesPrefix = (sessionId: string): string => `replies/${sessionId}/`;

/** The key of a reply in the staging bucket. `token`: 16 random bytes in hexadecimal. */
export const replyKey = (sessionId: string, token: string): string => `${repliesPrefix(sessionId)}${token}`;

/** 16 random bytes, from three attempts' worth of them. */
export const newReplyToken = ({ newAttempt }: { newAttempt(): string }): string =>
  `${newAttempt()}${newAttempt()}${newAttempt()}`.slice(0, 32);

/** Where the session's multipart upload is, or is going to be. */
export const uploadTarget = (
  { stagingBucket }: { readonly stagingBucket: string },
  { place, sessionId, bucket, key }: Session,
): Target => (place === 'holding' ? { bucket: stagingBucket, key: holdingKey(sessionId) } : { bucket, key });

/** Whether holding and replies have, or may have, something of the session. */
export const isHeld = ({ place }: Session): boolean => place !== 'destination';

/** Keys in holding and replies that a session names: not to be taken for orphans. */
export const heldKeysOf = (session: Session): readonly string[] => {
  if (!isHeld(session) || session.state === 'receiving' || session.state === 'tombstone') return [];
  const { notification, sessionId } = session;
  const token =
    notification?.is === 'answered'
      ? 'token' in notification.reply && notification.reply.token
      : notification !== undefined && 'token' in notification && notification.token;
  return [holdingKey(sessionId), ...(token ? [replyKey(sessionId, token)] : [])];
};
