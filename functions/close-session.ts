import { type Access, admit, claimOf } from '../lib/access/admit.ts';
import type { ResolvedDestination } from '../lib/access/destination.ts';
import { lambdaEntry } from '../lib/composition/entry.ts';
import type { Settings } from '../lib/composition/settings.ts';
import { composeUpload } from '../lib/composition/upload-services.ts';
import { lambdaFunction, type PacketHandler } from '../lib/lambda/handler.ts';
import { successAck } from '../lib/protocol/ack.ts';
import { ProtocolError } from '../lib/protocol/errors.ts';
import { parseSessionId } from '../lib/protocol/packet.ts';
import { rememberedError } from '../lib/reply/judge.ts';
import { closeErrorOf, decideClose } from '../lib/session/decide-end.ts';
import type { Outcome, Session } from '../lib/session/session.ts';
import { takeSingleUse } from '../lib/session/single-use.ts';
import { withoutApplication } from '../lib/session/transitions.ts';
import { visibleSession } from '../lib/session/visibility.ts';
import { discardSession, forgetSession } from '../lib/upload/end-session.ts';
import { awaitNotification } from '../lib/upload/notification.ts';
import { publish } from '../lib/upload/publish.ts';
import { type UploadServices, withCloseGrace } from '../lib/upload/services.ts';
import { storeEmptyEntity } from '../lib/upload/store-empty.ts';

/**
 * CLOSE-SESSION: publishes what is complete, discards what is not, and repeats the outcome for whoever asks again. Each
 * step goes on from the session as it then is, so a lost race and a repeated packet are the same case.
 */
export const closeSession =
  (services: UploadServices, access: Access<ResolvedDestination>): PacketHandler =>
  async (request, call) => {
    const admission = await admit(request, access, 'Close-Session', call);
    const own = withCloseGrace(services, admission.destination.closeGraceSeconds);
    const sessionId = parseSessionId(request.headers);
    const claim = claimOf(admission);
    let session: Session | undefined =
      sessionId === undefined ? undefined : await services.sessions.read(sessionId, call.signal);

    for (;;) {
      call.signal.throwIfAborted();
      const visible = visibleSession(session, claim, services.nowMs());
      const decision = decideClose(visible, services.nowMs(), admission.destination.reply !== null);
      switch (decision.do) {
        case 'refuse':
          throw new ProtocolError(decision.code, decision.why);
        case 'repeat-failure':
          throw rememberedError(decision.notification);
        case 'repeat':
          return answerOf(decision.outcome);
        case 'forget':
          session = await forgetSession(services, decision.session, call);
          break;
        case 'publish':
          session = await publish(services, withoutApplication(decision.session), 'close-session', call);
          break;
        case 'end':
          session = await discardSession(services, decision.session, decision.outcome, call);
          break;
        case 'await-notification':
          session = await awaitNotification(services, decision.session, call);
          break;
        case 'publish-empty':
          await takeSingleUse(
            services.sessions,
            admission.grant,
            decision.session,
            services.timers,
            call.signal,
          );
          session = await storeEmptyEntity(own, decision.session, call);
          break;
        case 'discard-early':
          session = await discardSession(services, decision.session, 'early', call);
          break;
      }
    }

    function answerOf(outcome: Outcome) {
      const code = closeErrorOf[outcome];
      if (code !== undefined) throw new ProtocolError(code, `the session ended: ${outcome}`);
      return successAck(request.headers);
    }
  };

export const compose = (settings: Settings) => {
  const { services, access, log } = composeUpload(settings);
  return lambdaFunction(closeSession(services, access), { log, nowMs: services.nowMs });
};

export const handler = lambdaEntry(compose);
