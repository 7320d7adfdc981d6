import { type Access, admit, claimOf } from '../lib/access/admit.ts';
import type { ResolvedDestination } from '../lib/access/destination.ts';
import { lambdaEntry } from '../lib/composition/entry.ts';
import type { Settings } from '../lib/composition/settings.ts';
import { composeUpload, warmState } from '../lib/composition/upload-services.ts';
import { lambdaFunction, type PacketCall, type PacketHandler } from '../lib/lambda/handler.ts';
import { fragmentAck } from '../lib/protocol/ack.ts';
import { ProtocolError } from '../lib/protocol/errors.ts';
import { type FragmentHead, parseSessionId, readFragmentHead } from '../lib/protocol/packet.ts';
import type { BitsRequest } from '../lib/protocol/request.ts';
import { decideFragment } from '../lib/session/decide-fragment.ts';
import { nextOffset, type Publishing, type Receiving, type Stored } from '../lib/session/session.ts';
import { takeSingleUse } from '../lib/session/single-use.ts';
import { visibleSession } from '../lib/session/visibility.ts';
import { publish } from '../lib/upload/publish.ts';
import { receive } from '../lib/upload/receive.ts';
import type { UploadServices } from '../lib/upload/services.ts';
import type { IncomingBytes } from '../lib/upload/store-fragment.ts';
import type { WarmState } from '../lib/upload/warm.ts';

/**
 * FRAGMENT: C10, then rows F1 to F14. A session that this environment remembers may only say yes; every other decision is
 * taken again on a fresh read. A lost conditional write decides again, from C10, on the session that won (F12).
 */
export const fragment =
  (services: UploadServices, access: Access<ResolvedDestination>, warm: WarmState): PacketHandler =>
  async (request, call) => {
    const admission = await admit(request, access, 'Fragment', call);
    const { destination } = admission;
    const claim = claimOf(admission);
    const head = readFragmentHead(request.headers, admission.head.contentLength);
    const sessionId = parseSessionId(request.headers);
    if (sessionId === undefined)
      throw new ProtocolError('SESSION_NOT_FOUND', 'not an id that was ever issued');

    const remembered = warm.sessions.get(sessionId);
    let isFresh = remembered === undefined;
    let current = remembered ?? (await services.sessions.read(sessionId, call.signal));
    for (;;) {
      call.signal.throwIfAborted();
      const session = visibleSession(current, claim, services.nowMs());
      // A remembered offset may have been passed elsewhere, and no answer may name a lower one than another did.
      call.nextOffset =
        !isFresh || session === undefined || session.state === 'tombstone' ? undefined : nextOffset(session);
      const decision = decideFragment(head, session, destination);
      const saysYes = decision.do === 'store' && isWhole(request, head);
      if (!saysYes && !isFresh) {
        warm.sessions.delete(sessionId);
        current = await services.sessions.read(sessionId, call.signal);
        isFresh = true;
        continue;
      }
      switch (decision.do) {
        case 'refuse':
          throw new ProtocolError(decision.code, decision.why);
        case 'acknowledge':
          return fragmentAck(request.headers, decision.offset);
        case 'finish':
          await finish(services, decision.session, call);
          return fragmentAck(request.headers, decision.session.entity.totalBytes);
        case 'store': {
          const incoming = incomingBytes(request, head, decision);
          if (decision.session.progress === undefined) {
            await takeSingleUse(
              services.sessions,
              admission.grant,
              decision.session,
              services.timers,
              call.signal,
            );
          }
          const timeout = destination.sessionTimeoutSeconds;
          const received = await receive(services, warm, decision.session, incoming, timeout, call);
          if (received.committed !== undefined) {
            call.nextOffset = nextOffset(received.committed);
            await finish(services, received.committed, call);
            return fragmentAck(request.headers, call.nextOffset);
          }
          current = received.current;
          isFresh = true;
        }
      }
    }
  };

/** Whether the body is as long as it was announced. */
const isWhole = (request: BitsRequest, { contentLength }: FragmentHead): boolean =>
  BigInt(request.body().byteLength) === contentLength;

/**
 * The bytes to store: what the client sent, less what is known already (F11). A body that broke off stores nothing, and
 * the client repeats it from the same offset (F10).
 */
const incomingBytes = (
  request: BitsRequest,
  { contentLength }: FragmentHead,
  { skipBytes, totalBytes, session }: { skipBytes: number; totalBytes: number; session: Receiving },
): IncomingBytes => {
  const body = request.body();
  if (BigInt(body.byteLength) < contentLength)
    throw new ProtocolError('RANGE_NOT_NEXT', 'the body broke off'); // F10
  if (BigInt(body.byteLength) > contentLength) {
    throw new ProtocolError('INVALID_REQUEST', 'the body is longer than Content-Length');
  }
  const urlName = session.key.slice(session.key.lastIndexOf('/') + 1);
  return {
    body: skipBytes === 0 ? body : body.subarray(skipBytes),
    totalBytes,
    originalName: request.headers.get('Content-Name') ?? urlName,
  };
};

/**
 * F13, F14 and F7a: nothing is left to do, unless the object has to be complete before the last fragment is answered.
 * @throws ProtocolError when the publication ended otherwise, any other error when it is not decided: the client repeats
 */
const finish = async (
  services: UploadServices,
  session: Receiving | Stored | Publishing,
  call: PacketCall,
): Promise<void> => {
  if (session.state === 'receiving' || session.publishOn === 'close-session') return;
  const ended = await publish(services, session, 'last-fragment', call);
  if (ended?.state === 'complete' || ended?.outcome === 'published') return;
  throw ended?.outcome === 'refused'
    ? new ProtocolError('ACCESS_DENIED', 'the destination was taken meanwhile')
    : new ProtocolError('SESSION_NOT_FOUND', `the session ended: ${ended?.outcome ?? 'gone'}`);
};

export const compose = (settings: Settings) => {
  const { services, access, log } = composeUpload(settings);
  const warm = warmState(settings.environment);
  return lambdaFunction(fragment(services, access, warm), { log, nowMs: services.nowMs });
};

export const handler = lambdaEntry(compose);
