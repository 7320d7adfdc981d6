import type { HttpRequest, HttpResponse } from '../http/message.ts';
import type { PacketAction } from './options.ts';
import type { SendOptions, Transport } from './transport.ts';
import { TransportError } from './transport.ts';

/**
 * Sends one packet as the test's action says and hands every answer to `onResponse`; returns the one that counts.
 * Rejects with TransportError.
 */
export async function sendAsAsked(
  transport: Transport,
  origin: URL,
  request: HttpRequest,
  action: PacketAction,
  context: {
    readonly signal?: AbortSignal | undefined;
    readonly onResponse: (response: HttpResponse) => void;
  },
): Promise<HttpResponse> {
  const once = async (how: SendOptions = {}): Promise<HttpResponse> => {
    const response = await transport.send(request, origin, { ...how, signal: context.signal });
    context.onResponse(response);
    return response;
  };
  switch (action.kind) {
    case 'send':
      return once();
    case 'lose-request':
      throw new TransportError('LOST', 'the request was lost');
    case 'lose-ack':
      await once();
      throw new TransportError('LOST', 'the answer was lost');
    case 'truncate':
      return once({ truncateBodyAtBytes: action.bodyBytes });
    case 'resend': {
      let response = await once();
      for (let time = 0; time < action.times; time++) response = await once();
      return response;
    }
    case 'parallel': {
      let latest: HttpResponse | undefined;
      const copies = Array.from({ length: action.copies }, async () => {
        latest = await once({ newConnection: true });
      });
      // Every copy is waited for: a straggler must not run into the next packet.
      const results = await Promise.allSettled(copies);
      const failed = results.find((result) => result.status === 'rejected');
      if (latest === undefined) throw failed?.reason ?? new TransportError('LOST', 'no copy was sent');
      return latest;
    }
  }
}
