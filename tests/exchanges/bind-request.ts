import type { HttpRequest } from '../support/http/message.ts';
import type { ExchangeRequest } from './exchange.ts';
import { EXCHANGE_HOST, EXCHANGE_PREFIX } from './load.ts';
import type { SessionIds } from './session-ids.ts';

export interface RequestBinding {
  readonly sessions: SessionIds;
  /** What takes the place of the host of the file. */
  readonly host: string;
  /** Maps a name below the prefix of the file (`alpha.txt`, or empty for the directory) to a request target. */
  readonly targetOf: (name: string) => string;
}

/** A written request as it goes to a real server: its host, its destination, the session ids that it issued. */
export function bindRequest(request: ExchangeRequest, binding: RequestBinding): HttpRequest {
  return {
    method: request.method,
    target: request.target.startsWith(EXCHANGE_PREFIX)
      ? binding.targetOf(request.target.slice(EXCHANGE_PREFIX.length))
      : request.target,
    headers: request.headers.map(([name, value]) => {
      if (name === 'Host' && value === EXCHANGE_HOST) return [name, binding.host];
      return name === 'BITS-Session-Id' ? [name, binding.sessions.toActual(value)] : [name, value];
    }),
    body: request.body,
  };
}
