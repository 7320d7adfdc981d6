import { BITS_UPLOAD_PROTOCOL, formatErrorContext, formatHResult } from './constants.ts';
import { errorRow, type ProtocolError } from './errors.ts';
import { formatGuid } from './guid.ts';
import type { RequestHeaders } from './request.ts';

/** An answer to a packet: always of type Ack, never with a body [MC-BUP 2.2.3 to 2.2.11]. */
export interface Ack {
  readonly status: number;
  readonly reason: string;
  /** Without `Content-Length: 0`, which the front end writes. */
  readonly headers: Readonly<Record<string, string>>;
}

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  411: 'Length Required',
  413: 'Request Entity Too Large',
  416: 'Requested Range Not Satisfiable',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

const buildAck = (status: number, fields: Readonly<Record<string, string | undefined>>): Ack => {
  const headers: Record<string, string> = { 'BITS-Packet-Type': 'Ack' };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) headers[name] = value;
  // A cached Ack would be a lie about an offset; the captured server sends this too [MC-BUP 4.1].
  headers['Pragma'] = 'no-cache';
  // An application behind a reply may answer with a status that is none of ours.
  const reason = reasons[status] ?? (status < 500 ? 'Client Error' : 'Server Error');
  return { status, reason, headers };
};

/** The request's session id as it was written, if it is one that may be repeated in a header; never on Create-Session. */
const echoedSessionId = (headers: RequestHeaders): string | undefined => {
  if (headers.get('BITS-Packet-Type')?.toLowerCase() === 'create-session') return undefined;
  const text = headers.get('BITS-Session-Id');
  return text !== undefined && /^[\x21-\x7e]{1,100}$/.test(text) ? text : undefined;
};

const formatOffset = (offset: number | undefined): string | undefined => offset?.toString(10);

/** 200 to Ping, Close-Session and Cancel-Session. */
export const successAck = (request: RequestHeaders): Ack =>
  buildAck(200, { 'BITS-Session-Id': echoedSessionId(request) });

/** 200 to Create-Session, with the new session's id [MC-BUP 2.2.3]. */
export const createdAck = (sessionId: string): Ack =>
  buildAck(200, {
    'BITS-Protocol': BITS_UPLOAD_PROTOCOL,
    'BITS-Session-Id': formatGuid(sessionId),
    // A request's header in a response, as the specification has it [MC-BUP 2.2.3, note 7].
    'Accept-Encoding': 'identity',
  });

/**
 * 200 to Fragment. `nextOffset` is the next byte expected, all before it are durable; `replyUrl` belongs on the Ack that
 * says the entity is complete, and only where there is a reply [MC-BUP 2.2.7].
 */
export const fragmentAck = (request: RequestHeaders, nextOffset: number, replyUrl?: string): Ack =>
  buildAck(200, {
    'BITS-Session-Id': echoedSessionId(request),
    'BITS-Received-Content-Range': formatOffset(nextOffset),
    'BITS-Reply-URL': replyUrl,
  });

/**
 * The answer to a failed packet, from the error table. `nextOffset` goes on every answer to a fragment whose session is
 * known, whatever the status. The code is sent under both names: the specification has `BITS-Error`, every Win32 page
 * and open implementation `BITS-Error-Code`.
 */
export const errorAck = (request: RequestHeaders, error: ProtocolError, nextOffset?: number): Ack => {
  const row = errorRow(error.code);
  const { context, headers } = row;
  const { status, hresult } = error.answer ?? row;
  const code = hresult === undefined ? undefined : formatHResult(hresult);
  return buildAck(status, {
    'BITS-Session-Id': echoedSessionId(request),
    'BITS-Received-Content-Range': formatOffset(nextOffset),
    'BITS-Error': code,
    'BITS-Error-Code': code,
    'BITS-Error-Context': context === undefined ? undefined : formatErrorContext(context),
    ...headers,
    ...error.headers,
  });
};
