import type { Header } from '../support/http/message.ts';
import { headerValue } from '../support/http/message.ts';
import type { Defect } from './defects.ts';
import type { FakeRequest, FakeResponse } from './fake-http.ts';

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  302: 'Found',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  409: 'Conflict',
  411: 'Length Required',
  413: 'Request Entity Too Large',
  416: 'Requested Range Not Satisfiable',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

export const INVALID = '0x80070057';
export const DENIED = '0x80070005';
export const NOT_FOUND = '0x8020001F';
export const TOO_LARGE = '0x80200020';

/** What the fake server decided, before it is written down. */
export interface Decision {
  readonly status: number;
  readonly error?: string | undefined;
  readonly offset?: number | undefined;
  readonly headers?: readonly Header[];
}

/** Writes an Ack as the protocol prescribes, but for the defects. */
export function renderAck(
  request: FakeRequest,
  decision: Decision,
  defects: ReadonlySet<Defect>,
): FakeResponse {
  const { status } = decision;
  const headers: Header[] = [['BITS-Packet-Type', 'Ack']];
  const echo = echoedId(request, decision, defects);
  if (echo !== undefined) headers.push(['BITS-Session-Id', echo]);
  headers.push(...(decision.headers ?? []));
  if (decision.offset !== undefined && !(status === 400 && defects.has('no-offset-with-400'))) {
    const offset = decision.offset;
    headers.push([
      'BITS-Received-Content-Range',
      defects.has('offset-as-range') ? `0-${offset - 1}` : String(offset),
    ]);
  }
  const error = status === 416 && defects.has('error-code-with-416') ? INVALID : decision.error;
  if (error !== undefined) {
    if (!defects.has('one-error-header')) headers.push(['BITS-Error', error]);
    headers.push(['BITS-Error-Code', error]);
    if (!defects.has('no-error-context')) headers.push(['BITS-Error-Context', '0x5']);
  }
  if (defects.has('content-type')) headers.push(['Content-Type', 'text/html']);
  if (!defects.has('no-pragma')) headers.push(['Pragma', 'no-cache']);
  const body = status >= 400 && defects.has('body-with-errors') ? Buffer.from('sorry') : undefined;
  if (!defects.has('no-content-length')) headers.push(['Content-Length', String(body?.length ?? 0)]);
  return {
    status,
    reason: defects.has('reason-phrase') ? 'Fine' : (REASONS[status] ?? 'Unknown'),
    headers: defects.has('server-header-in-lower-case')
      ? headers.map(([name, value]) => [name.toLowerCase(), value])
      : headers,
    body,
  };
}

function echoedId(
  request: FakeRequest,
  decision: Decision,
  defects: ReadonlySet<Defect>,
): string | undefined {
  if (decision.headers?.some(([name]) => name === 'BITS-Session-Id')) return undefined;
  const sent = headerValue(request.headers, 'BITS-Session-Id');
  if (sent === undefined || !/^[\x21-\x7e]{1,100}$/.test(sent) || defects.has('no-echo')) return undefined;
  return defects.has('echo-normalized') ? `{${sent.replace(/[{}]/g, '').toUpperCase()}}` : sent;
}
