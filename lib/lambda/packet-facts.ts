import type { Ack } from '../protocol/ack.ts';
import { parseContentRange } from '../protocol/content-range.ts';
import { parseGuid } from '../protocol/guid.ts';
import { parsePacketType } from '../protocol/packet.ts';
import type { BitsRequest } from '../protocol/request.ts';

/**
 * What a log line tells of a packet and its answer. Only what has been parsed is repeated: whatever else a header may
 * hold, a query string and credentials above all, stays out of the log. `principal` is who was let in, never a name that was only
 * claimed.
 */
export const packetFacts = (
  request: BitsRequest,
  ack: Ack,
  principal: string | undefined,
): Record<string, string | number> => {
  const { headers } = request;
  const type = parsePacketType(headers.get('BITS-Packet-Type') ?? '');
  const session = parseGuid(headers.get('BITS-Session-Id') ?? ack.headers['BITS-Session-Id'] ?? '');
  const range = parseContentRange(headers.get('Content-Range') ?? '');
  return withoutUndefined({
    type: type ?? 'unknown',
    session,
    principal,
    ...(range === undefined
      ? {}
      : {
          offset: `${range.first}`,
          length: `${range.last - range.first + 1n}`,
          total: `${range.total}`,
        }),
    status: ack.status,
    hresult: ack.headers['BITS-Error-Code'],
    next: ack.headers['BITS-Received-Content-Range'],
  });
};

const withoutUndefined = <T>(fields: Record<string, T | undefined>): Record<string, T> => {
  const kept: Record<string, T> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) kept[name] = value;
  return kept;
};
