import type { Session, Stored } from '../session/session.ts';
import type { Budget, UploadServices } from './services.ts';

/** How soon somebody else's notification is looked at again: soon at first, then less often. */
const firstPollMs = 250;
const maxPollMs = 2_000;

/**
 * Waits for the answer of an application that somebody else is asking, or for the end of their lease.
 * @returns the session as it then is
 */
export const awaitNotification = async (
  services: UploadServices,
  start: Stored,
  { signal }: Budget,
): Promise<Session | undefined> => {
  let session: Session | undefined = start;
  for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 2, maxPollMs)) {
    signal.throwIfAborted();
    if (session?.state !== 'stored' || session.notification?.is !== 'sent') return session;
    const leftMs = session.notification.leaseUntilMs - services.nowMs();
    if (leftMs <= 0) return session;
    await services.wait(Math.min(pollMs, leftMs), signal);
    session = await services.sessions.read(session.sessionId, signal);
  }
};
