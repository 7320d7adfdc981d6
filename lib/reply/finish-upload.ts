import { ProtocolError } from '../protocol/errors.ts';
import type { Publishing, Reply, Session, Stored } from '../session/session.ts';
import { withoutApplication } from '../session/transitions.ts';
import { publish } from '../upload/publish.ts';
import type { Budget, UploadServices } from '../upload/services.ts';
import { rememberedError } from './judge.ts';
import { type Notifier, notify } from './notify.ts';

/**
 * F14 and F7a: what is still to be done once every byte is stored. Asks the reply application, if there is one, and has the
 * object complete before the last fragment is answered, where the destination wants that. Both may be run again.
 * @returns where the reply is, if the destination gives one
 * @throws ProtocolError when it ended otherwise, any other error when it is not decided: the client repeats
 */
export const finishUpload = async (
  services: UploadServices,
  start: Stored | Publishing,
  notifier: Notifier | undefined,
  budget: Budget,
): Promise<Reply | undefined> => {
  const isOwed = start.notification !== undefined && notifier !== undefined;
  let session: Session | undefined = notifier === undefined ? withoutApplication(start) : start;
  if (start.state === 'stored' && isOwed) {
    session = await notify(services, start, notifier, budget);
  }
  // Its time ran out before the application was heard: it is being published without.
  if (session?.state === 'publishing' && isUnanswered(session)) {
    session = await publish(services, session, 'last-fragment', budget);
  }
  if (session !== undefined && 'notification' in session && session.notification?.is === 'failed') {
    throw rememberedError(session.notification);
  }
  if ((session?.state === 'stored' || session?.state === 'publishing') && isToPublish(session)) {
    session = await publish(services, session, 'last-fragment', budget);
  }
  switch (session?.state) {
    case 'stored':
    case 'publishing':
    case 'complete':
      return session.notification?.is === 'answered' ? session.notification.reply : undefined;
    case 'tombstone':
      // Closed meanwhile, by a client that knows its reply. Whoever asks now is not told that there is none.
      if (session.outcome === 'published' && !isOwed && !isAnswered(start)) return undefined;
      throw session.outcome === 'refused'
        ? new ProtocolError('ACCESS_DENIED', 'the destination was taken meanwhile')
        : new ProtocolError('SESSION_NOT_FOUND', `the session ended: ${session.outcome}`);
    default:
      throw new ProtocolError('SESSION_NOT_FOUND', 'the session ended: gone');
  }
};

const isUnanswered = ({ notification }: Stored | Publishing): boolean =>
  notification?.is === 'due' || notification?.is === 'sent';

const isAnswered = ({ notification }: Stored | Publishing): boolean => notification?.is === 'answered';

/** An application that does not ask for the file at its destination keeps it to itself. */
const isToPublish = ({ publishOn, notification }: Stored | Publishing): boolean =>
  publishOn === 'last-fragment' &&
  (notification === undefined || (notification.is === 'answered' && notification.publish));
