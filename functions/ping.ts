import { admit } from '../lib/access/admit.ts';
import type { Destination } from '../lib/access/destination.ts';
import { lambdaEntry } from '../lib/composition/entry.ts';
import { logOf, type Settings } from '../lib/composition/settings.ts';
import { lambdaFunction, type PacketHandler } from '../lib/lambda/handler.ts';
import { successAck } from '../lib/protocol/ack.ts';

/**
 * PING: "is this host answering, and may I upload here". Passed C1 to C8 → 200. No session is looked up, even if an id is
 * present [MC-BUP 3.2.5]; no store is touched, and the bundle contains no SDK.
 */
export const ping =
  (destinations: readonly Destination[]): PacketHandler =>
  async (request) => {
    admit(request, destinations, 'Ping');
    return successAck(request.headers);
  };

export const compose = (settings: Settings) =>
  lambdaFunction(ping(settings.destinations), { log: logOf(settings), nowMs: Date.now });

export const handler = lambdaEntry(compose);
