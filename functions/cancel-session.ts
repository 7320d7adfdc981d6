import { type Access, admit, claimOf } from '../lib/access/admit.ts';
import type { ResolvedDestination } from '../lib/access/destination.ts';
import { lambdaEntry } from '../lib/composition/entry.ts';
import type { Settings } from '../lib/composition/settings.ts';
import { composeUpload } from '../lib/composition/upload-services.ts';
import { lambdaFunction, type PacketHandler } from '../lib/lambda/handler.ts';
import { successAck } from '../lib/protocol/ack.ts';
import { ProtocolError } from '../lib/protocol/errors.ts';
import { parseSessionId } from '../lib/protocol/packet.ts';
import { decideCancel } from '../lib/session/decide-end.ts';
import type { Session } from '../lib/session/session.ts';
import { visibleSession } from '../lib/session/visibility.ts';
import { discardSession, forgetSession } from '../lib/upload/end-session.ts';
import { publish } from '../lib/upload/publish.ts';
import type { UploadServices } from '../lib/upload/services.ts';

/**
 * CANCEL-SESSION: what is not published is discarded, what is published stays. Past the point of no return it waits for
 * the publication (or finishes it) and succeeds all the same.
 */
export const cancelSession =
  (services: UploadServices, access: Access<ResolvedDestination>): PacketHandler =>
  async (request, call) => {
    const admission = await admit(request, access, 'Cancel-Session', call);
    const sessionId = parseSessionId(request.headers);
    const claim = claimOf(admission);
    let session: Session | undefined =
      sessionId === undefined ? undefined : await services.sessions.read(sessionId, call.signal);

    for (;;) {
      call.signal.throwIfAborted();
      const decision = decideCancel(visibleSession(session, claim, services.nowMs()));
      switch (decision.do) {
        case 'refuse':
          throw new ProtocolError(decision.code, decision.why);
        case 'repeat':
          return successAck(request.headers);
        case 'forget':
          session = await forgetSession(services, decision.session, call);
          break;
        case 'discard':
          session = await discardSession(services, decision.session, 'cancelled', call);
          break;
        case 'await-publication':
          session = await publish(services, decision.session, 'close-session', call);
          break;
      }
    }
  };

export const compose = (settings: Settings) => {
  const { services, access, log } = composeUpload(settings);
  return lambdaFunction(cancelSession(services, access), { log, nowMs: services.nowMs });
};

export const handler = lambdaEntry(compose);
