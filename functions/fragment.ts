import { type Access, admit, claimOf } from '../lib/access/admit.ts';
import type { ResolvedDestination } from '../lib/access/destination.ts';
import type { Grant } from '../lib/access/identity.ts';
import { composeApplications } from '../lib/composition/applications.ts';
import { lambdaEntry } from '../lib/composition/entry.ts';
import type { Settings } from '../lib/composition/settings.ts';
import { composeUpload, warmState } from '../lib/composition/upload-services.ts';
import { lambdaFunction, type PacketCall, type PacketHandler } from '../lib/lambda/handler.ts';
import { type Ack, fragmentAck } from '../lib/protocol/ack.ts';
import { ProtocolError } from '../lib/protocol/errors.ts';
import { type FragmentHead, parseSessionId, readFragmentHead } from '../lib/protocol/packet.ts';
import type { BitsRequest } from '../lib/protocol/request.ts';
import { finishUpload } from '../lib/reply/finish-upload.ts';
import { type Applications, notifierOf, replyUrlOf } from '../lib/reply/request.ts';
import { decideFragment } from '../lib/session/decide-fragment.ts';
import { nextOffset, type Publishing, type Receiving, type Stored } from '../lib/session/session.ts';
import { takeSingleUse } from '../lib/session/single-use.ts';
import { visibleSession } from '../lib/session/visibility.ts';
import { receive } from '../lib/upload/receive.ts';
import { hasRoom, noRoom } from '../lib/upload/room.ts';
import { type UploadServices, withCloseGrace } from '../lib/upload/services.ts';
import type { IncomingBytes } from '../lib/upload/store-fragment.ts';
import type { WarmState } from '../lib/upload/warm.ts';

/**
 * FRAGMENT: C10, then rows F1 to F14. A session that this environment remembers may only say yes; every other decision is
 * taken again on a fresh read. A lost conditional write decides again, from C10, on the session that won (F12).
 */
export const fragment =
  (
    services: UploadServices,
    access: Access<ResolvedDestination>,
    warm: WarmState,
    applications: Applications,
  ): PacketHandler =>
  (request, call) =>
    warm.during(() => take(services, access, warm, applications, request, call));

const take = async (
  services: UploadServices,
  access: Access<ResolvedDestination>,
  warm: WarmState,
  applications: Applications,
  request: BitsRequest,
  call: PacketCall,
): Promise<Ack> => {
  const admission = await admit(request, access, 'Fragment', call);
  const { destination } = admission;
  const claim = claimOf(admission);
  const own = withCloseGrace(services, destination.closeGraceSeconds);
  const head = readFragmentHead(request.headers, admission.head.contentLength);
  const body = () => request.body(warm.memory);
  const sessionId = parseSessionId(request.headers);
  if (sessionId === undefined) throw new ProtocolError('SESSION_NOT_FOUND', 'not an id that was ever issued');

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
    const saysYes = decision.do === 'store' && isWhole(body(), head);
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
        return fragmentAck(request.headers, decision.offset, replyUrlOf(request, sessionId, decision.reply));
      case 'finish':
        return finished(decision.session);
      case 'store': {
        const incoming = incomingBytes(request, body(), head, decision);
        if (decision.session.progress === undefined) {
          // K4, once more.
          if (!(await hasRoom(services, destination, claim.principal, decision.totalBytes, call))) {
            current = await services.sessions.read(sessionId, call.signal);
            isFresh = true;
            // A twin of this packet may have been first: then it is the session itself that is counted.
            if (current?.version !== decision.session.version) continue;
            throw new ProtocolError('LIMIT_REACHED', noRoom);
          }
        }
        const timeout = destination.sessionTimeoutSeconds;
        const before = onTermsOfFirstBytes(decision.session, admission.grant);
        const received = await receive(own, warm, before, incoming, timeout, call, async () => {
          if (before.progress !== undefined) return;
          await takeSingleUse(
            services.sessions,
            admission.grant,
            decision.session,
            services.timers,
            call.signal,
          );
        });
        if (received.committed !== undefined) {
          call.nextOffset = nextOffset(received.committed);
          return received.committed.state === 'receiving'
            ? fragmentAck(request.headers, call.nextOffset) // F13
            : finished(received.committed);
        }
        current = received.current;
        isFresh = true;
      }
    }
  }

  /** F14 and F7a. */
  async function finished(session: Stored | Publishing): Promise<Ack> {
    const notifier = notifierOf(destination, admission.url.hashInput, applications);
    const reply = await finishUpload(own, session, notifier, call);
    return fragmentAck(
      request.headers,
      session.entity.totalBytes,
      replyUrlOf(request, session.sessionId, reply),
    );
  }
};

/**
 * The ticket that brings a session's first bytes is the one that is spent on them: what it does not allow, one shown at CREATE
 * only does not allow for it.
 */
const onTermsOfFirstBytes = (session: Receiving, grant: Grant | undefined): Receiving =>
  session.progress === undefined && grant?.allowOverwrites === false
    ? { ...session, allowOverwrites: false }
    : session;

/** Whether the body is as long as it was announced. */
const isWhole = (body: Uint8Array, { contentLength }: FragmentHead): boolean =>
  BigInt(body.byteLength) === contentLength;

/**
 * The bytes to store: what the client sent, less what is known already (F11). A body that broke off stores nothing, and
 * the client repeats it from the same offset (F10).
 */
const incomingBytes = (
  request: BitsRequest,
  body: Uint8Array,
  { contentLength }: FragmentHead,
  { skipBytes, totalBytes, session }: { skipBytes: number; totalBytes: number; session: Receiving },
): IncomingBytes => {
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

export const compose = (settings: Settings) => {
  const { services, access, log, objectClient } = composeUpload(settings);
  const warm = warmState(settings.environment);
  const applications = composeApplications(settings.environment, objectClient, services.objects);
  return lambdaFunction(fragment(services, access, warm, applications), { log, nowMs: services.nowMs });
};

export const handler = lambdaEntry(compose);
