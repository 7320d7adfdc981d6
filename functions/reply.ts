import { assertEncrypted, callerOf } from '../lib/access/admit.ts';
import { findDestination } from '../lib/access/destination.ts';
import { takeTickets } from '../lib/access/ticket/query.ts';
import { lambdaEntry } from '../lib/composition/entry.ts';
import { composeReply, type ReplyComposition } from '../lib/composition/reply-services.ts';
import type { Settings } from '../lib/composition/settings.ts';
import { type HttpAnswer, type HttpHandler, httpFunction } from '../lib/lambda/http-handler.ts';
import type { BitsRequest } from '../lib/protocol/request.ts';
import { openedReplyKey, parseReplyPath } from '../lib/reply/reply-place.ts';
import { servingOf } from '../lib/reply/serve.ts';
import type { Session } from '../lib/session/session.ts';

/**
 * GET and HEAD of a reply, on the URL that the last fragment's Ack named: from the application's answer until the session is
 * closed, cancelled or over, and to the principal that it belongs to. Everything else is 404, and looks alike. Small answers
 * come from here, others by a redirect to S3.
 */
export const reply =
  ({ sessions, replies, access, nowMs }: ReplyComposition): HttpHandler =>
  async (request, call) => {
    const place = parseReplyPath(request.path);
    if (place === undefined) return notFound;
    const { sessionId, token } = place;
    call.facts = { session: sessionId };
    const session = await sessions.read(sessionId, call.signal);
    const key = openedReplyKey(session, token, nowMs());
    if (session === undefined || key === undefined) return notFound;
    if (!(await isTheirs(request, session))) return notFound;

    const found = await replies.find(key, call.signal);
    if (found === undefined) return notFound;
    const serving = servingOf(request.method, request.headers, found);
    switch (serving.do) {
      case 'refuse':
        return { status: 416, headers: serving.headers, body: nothing };
      case 'redirect': {
        const url = await replies.presign(request.method === 'HEAD' ? 'HEAD' : 'GET', key);
        // What is behind the URL may be had with it by anyone, for an hour.
        return { status: 302, headers: { Location: url, 'Cache-Control': 'no-store' }, body: nothing };
      }
      case 'serve': {
        const body = await replies.read(key, found, serving.span, call.signal);
        return { status: serving.status, headers: serving.headers, body };
      }
    }

    /**
     * Where tickets are taken the URL is one itself: a secret that only the Ack of the last fragment named, for this reply
     * alone. BITS asks for it as it stands, with nothing added. Elsewhere the caller is known as for a packet.
     * @throws ProtocolError UNAUTHORIZED, ACCESS_DENIED
     */
    async function isTheirs(asked: BitsRequest, { destination, principal }: Session): Promise<boolean> {
      const found = findDestination(access.destinations, destination);
      if (found?.prefix !== destination || !found.enabled) return false;
      assertEncrypted(asked, found, access);
      const { tickets } = takeTickets(asked.query);
      const hasNothingElse = tickets.length === 0 && asked.headers.get('Authorization') === undefined;
      if (found.access.includes('ticket') && hasNothingElse) return true;
      const caller = await callerOf(asked, tickets, false, found, access);
      return caller.principal === principal;
    }
  };

const nothing = new Uint8Array(0);
const notFound: HttpAnswer = { status: 404, headers: {}, body: nothing };

export const compose = (settings: Settings) => {
  const composition = composeReply(settings);
  return httpFunction('Reply', reply(composition), composition);
};

export const handler = lambdaEntry(compose);
