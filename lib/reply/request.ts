import type { Destination } from '../access/destination.ts';
import type { ReplyApplication } from '../access/reply-application.ts';
import type { BitsRequest } from '../protocol/request.ts';
import type { Reply } from '../session/session.ts';
import type { Application } from './application.ts';
import type { Notifier } from './notify.ts';
import { replyPath } from './reply-place.ts';

/** How applications are reached, as they are configured. */
export type Applications = (application: ReplyApplication) => Application;

/** The notifier of a destination, `undefined` where nobody is to be asked. `url`: the upload's, as admission left it. */
export const notifierOf = (
  { reply }: Destination,
  url: string,
  applications: Applications,
): Notifier | undefined =>
  reply === null
    ? undefined
    : {
        application: applications(reply),
        timeoutMs: reply.timeoutSeconds * 1000,
        maximumReplyBytes: reply.maximumReplyBytes,
        url: new URL(url),
      };

/** What `BITS-Reply-URL` says: absolute, on the host that the client used, and nothing in it needs escaping. */
export const replyUrlOf = (
  { scheme, host }: BitsRequest,
  sessionId: string,
  reply: Reply | undefined,
): string | undefined => {
  if (reply === undefined) return undefined;
  return 'url' in reply ? reply.url : `${scheme}://${host}${replyPath(sessionId, reply.token)}`;
};
