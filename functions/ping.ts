import { type Access, admit } from '../lib/access/admit.ts';
import type { Destination } from '../lib/access/destination.ts';
import { composeAccess } from '../lib/composition/access.ts';
import { lambdaEntry } from '../lib/composition/entry.ts';
import { logOf, type Settings } from '../lib/composition/settings.ts';
import { lambdaFunction, type PacketHandler } from '../lib/lambda/handler.ts';
import { successAck } from '../lib/protocol/ack.ts';

/**
 * PING: "is this host answering, and may I upload here". Passed C1 to C8 → 200. No session is looked up, even if an id is
 * present [MC-BUP 3.2.5]; no store is touched, and the bundle contains no SDK.
 */
export const ping =
  (access: Access<Destination>): PacketHandler =>
  async (request, call) => {
    await admit(request, access, 'Ping', call);
    return successAck(request.headers);
  };

export const compose = (settings: Settings) =>
  lambdaFunction(ping(composeAccess(settings, settings.destinations)), {
    log: logOf(settings),
    nowMs: Date.now,
  });

export const handler = lambdaEntry(compose);
