import { describe, expect, it } from 'vitest';
import { openedReplyKey, parseReplyPath, replyPath } from '../../lib/reply/reply-place.ts';
import type { Notification, Session } from '../../lib/session/session.ts';
import { complete, everyState, publishing, stored } from '../session/sessions.ts';

const token = '00112233445566778899aabbccddeeff';
const { sessionId } = stored;
const endsAtSeconds = 1_800_000_000;
const beforeEndMs = endsAtSeconds * 1000 - 1;
const answered: Notification = { is: 'answered', reply: { token }, publish: true, endsAtSeconds };
const key = `replies/${sessionId}/${token}`;

describe("a reply's path", () => {
  it('is read back, and needs no escaping', () => {
    expect(parseReplyPath(replyPath(sessionId, token))).toEqual({ sessionId, token });
    expect(replyPath(sessionId, token)).toMatch(/^[/\w-]+$/);
  });

  it.each([
    ['another path', `/drop/${sessionId}/${token}`],
    ['no session', `/bits-replies/x/${token}`],
    ['a short token', `/bits-replies/${sessionId}/${token.slice(1)}`],
    ['something behind it', `/bits-replies/${sessionId}/${token}/`],
    ['a token in capitals', `/bits-replies/${sessionId}/${token.toUpperCase()}`],
    ['nothing', ''],
  ])('%s is none', (_, path) => {
    expect(parseReplyPath(path)).toBeUndefined();
  });
});

describe('a token opens', () => {
  it.each<[string, Session]>([
    ['stored', { ...stored, notification: answered }],
    ['publishing', { ...publishing, notification: answered }],
    ['complete', { ...complete, notification: answered }],
  ])('the reply of a session that is %s, until its end', (_, session) => {
    expect(openedReplyKey(session, token, beforeEndMs)).toBe(key);
    expect(openedReplyKey(session, token, beforeEndMs + 1)).toBeUndefined();
    expect(openedReplyKey(session, token.replace('f', 'e'), beforeEndMs)).toBeUndefined();
    expect(openedReplyKey(session, token.slice(1), beforeEndMs)).toBeUndefined();
  });

  it('nothing where there is no reply of ours', () => {
    const others: (Session | undefined)[] = [
      undefined,
      ...everyState,
      { ...stored, notification: { is: 'due', token, endsAtSeconds } },
      { ...stored, notification: { is: 'sent', token, endsAtSeconds, leaseUntilMs: 1 } },
      { ...stored, notification: { ...answered, reply: { url: `https://x.test/${token}` } } },
      { ...stored, notification: { is: 'failed', status: 403, hresult: 1, endsAtSeconds } },
    ];
    for (const session of others) expect(openedReplyKey(session, token, 0)).toBeUndefined();
  });
});
