import { randomUUID } from 'node:crypto';
import { type Access, admit, claimOf } from '../lib/access/admit.ts';
import { pathBelow, type ResolvedDestination } from '../lib/access/destination.ts';
import { acceptsName } from '../lib/access/file-names.ts';
import { expandKey } from '../lib/access/key-template.ts';
import { addressFault } from '../lib/access/reply-application.ts';
import { lambdaEntry } from '../lib/composition/entry.ts';
import type { Settings } from '../lib/composition/settings.ts';
import { composeUpload } from '../lib/composition/upload-services.ts';
import { lambdaFunction, type PacketHandler } from '../lib/lambda/handler.ts';
import { createdAck } from '../lib/protocol/ack.ts';
import { ProtocolError } from '../lib/protocol/errors.ts';
import { offersOurProtocol } from '../lib/protocol/protocol-list.ts';
import { isAbsent } from '../lib/session/store.ts';
import { createSession as newSession } from '../lib/session/transitions.ts';
import { hasRoom, noRoom } from '../lib/upload/room.ts';
import { momentOf, type UploadServices } from '../lib/upload/services.ts';

/** An upper-case GUID of version 4: unguessable, because who knows a session's id may try to write to it. */
export const newSessionId = (): string => randomUUID().toUpperCase();

/** CREATE-SESSION, rows K1 to K5. A repeated one makes another, independent session; the first one times out. */
export const createSession =
  (
    services: UploadServices,
    access: Access<ResolvedDestination>,
    nextSessionId: () => string = newSessionId,
  ): PacketHandler =>
  async (request, call) => {
    const admission = await admit(request, access, 'Create-Session', call);
    const { destination, url, principal } = admission;

    if (!offersOurProtocol(request.headers.get('BITS-Supported-Protocols') ?? '')) {
      throw new ProtocolError('INVALID_REQUEST', 'no upload protocol in common'); // K1
    }

    if (url.directory) throw new ProtocolError('INVALID_REQUEST', 'the URL names a directory'); // K2
    const moment = momentOf(services);
    const sessionId = nextSessionId();
    const expanded = expandKey(destination.keyTemplate, {
      path: pathBelow(destination, url.path),
      principal,
      sessionId,
      createdAtEpochMs: moment.nowMs,
    });
    if (!expanded.ok) throw new ProtocolError('INVALID_REQUEST', `the URL gives no key: ${expanded.reason}`); // K2

    if (!acceptsName(destination.fileNames, url.path)) {
      throw new ProtocolError('ACCESS_DENIED', 'the destination takes no file of this name'); // K2
    }

    const { reply } = destination;
    const addressProblem = reply?.kind === 'http' ? addressFault(reply, new URL(url.hashInput)) : undefined;
    if (addressProblem !== undefined) {
      throw new ProtocolError('ACCESS_DENIED', `the application could never be asked: ${addressProblem}`); // K2
    }

    const target = { bucket: destination.bucket, key: expanded.key };
    if (!destination.allowOverwrites && (await services.objects.head(target, call.signal)) !== undefined) {
      throw new ProtocolError('ACCESS_DENIED', 'the destination exists and overwriting is off'); // K3
    }

    if (!(await hasRoom(services, destination, principal, 0, call))) {
      throw new ProtocolError('LIMIT_REACHED', noRoom); // K4
    }
    const session = newSession(
      {
        urlHash: claimOf(admission).urlHash,
        principal,
        ...target,
        sessionId,
        destination: destination.prefix,
        allowOverwrites: destination.allowOverwrites,
        publishOn: destination.publishOn,
        place: destination.reply === null ? 'destination' : 'holding',
      },
      destination.sessionTimeoutSeconds,
      moment,
    );
    const commit = await services.sessions.write(session, [isAbsent], call.signal);
    if (!commit.won) throw new Error('a new session id is taken');
    return createdAck(sessionId); // K5
  };

export const compose = (settings: Settings) => {
  const { services, access, log } = composeUpload(settings);
  return lambdaFunction(createSession(services, access), { log, nowMs: services.nowMs });
};

export const handler = lambdaEntry(compose);
