import { type Access, admit } from '../lib/access/admit.ts';
import type { Destination } from '../lib/access/destination.ts';
import { composeAccess } from '../lib/composition/access.ts';
import { lambdaEntry } from '../lib/composition/entry.ts';
import { logOf, type Settings } from '../lib/composition/settings.ts';
import { lambdaFunction, type PacketHandler } from '../lib/lambda/handler.ts';
import { ProtocolError } from '../lib/protocol/errors.ts';

/**
 * Whatever is sent with BITS_POST and is none of the five packets: a proper error Ack from check C5, where the load
 * balancer could only give a page without BITS headers.
 */
export const unknownPacket =
  (access: Access<Destination>): PacketHandler =>
  async (request, call) => {
    await admit(request, access, undefined, call);
    throw new ProtocolError('INVALID_REQUEST', 'the packet type is unknown');
  };

export const compose = (settings: Settings) =>
  lambdaFunction(unknownPacket(composeAccess(settings, settings.destinations)), {
    log: logOf(settings),
    nowMs: Date.now,
  });

export const handler = lambdaEntry(compose);
