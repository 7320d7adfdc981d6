import type { HttpResponse } from '../http/message.ts';
import { headerValue, headerValues } from '../http/message.ts';
import type { ErrorContext } from './job-error.ts';
import type { PacketType } from './packet.ts';
import { UPLOAD_PROTOCOL, withoutBraces } from './packet.ts';

/** What the client understood of an answer, whether the server wrote it or a front end of its own. */
export interface Ack {
  readonly status: number;
  /** HRESULT of the error header; `BITS-Error-Code` is preferred to `BITS-Error` where they differ. */
  readonly errorCode: number | undefined;
  readonly errorContext: ErrorContext;
  readonly sessionId: string | undefined;
  /** Next expected offset, from `BITS-Received-Content-Range`. */
  readonly receivedOffset: number | undefined;
  readonly replyUrl: string | undefined;
  readonly hostId: string | undefined;
  /** Seconds until the client returns to the original host; undefined is never. */
  readonly hostFallbackSeconds: number | undefined;
  /** Values of WWW-Authenticate and Proxy-Authenticate. */
  readonly challenges: readonly string[];
}

/** Why an answer cannot be taken as an Ack; `isHttpTooOld` ends the job, anything else is tried again. */
export interface AckViolation {
  readonly violation: string;
  readonly isHttpTooOld: boolean;
}

/** Seconds that mean "never". */
const INFINITE_SECONDS = 0xffffffff;

/**
 * Reads an answer as a Windows client is documented to (HTTP/1.1; `BITS-Packet-Type: Ack`; on a created session a
 * known protocol and a session id; on a fragment's 200 or 416 a numeric offset).
 *
 * A status other than 2xx and 416 says enough by itself, so that a front end's own bare 413 or 503 is understood too.
 */
export function readAck(type: PacketType, response: HttpResponse): Ack | AckViolation {
  if (response.httpVersion !== '1.1') {
    return { violation: `HTTP/${response.httpVersion} instead of HTTP/1.1`, isHttpTooOld: true };
  }
  const value = (name: string) => headerValue(response.headers, name);
  const needsAckFields = isSuccess(response.status) || response.status === 416;
  if (needsAckFields && value('BITS-Packet-Type')?.toLowerCase() !== 'ack') {
    return invalid(`BITS-Packet-Type is ${quote(value('BITS-Packet-Type'))}, not Ack`);
  }
  const fallback = parseDecimal(value('BITS-Host-Id-Fallback-Timeout'));
  const ack: Ack = {
    status: response.status,
    errorCode: parseHresult(value('BITS-Error-Code')) ?? parseHresult(value('BITS-Error')),
    errorContext: value('BITS-Error-Context')?.toLowerCase() === '0x7' ? 'remote-application' : 'remote-file',
    sessionId: value('BITS-Session-Id'),
    receivedOffset: parseDecimal(value('BITS-Received-Content-Range')),
    replyUrl: value('BITS-Reply-URL'),
    hostId: value('BITS-Host-Id'),
    hostFallbackSeconds: fallback === INFINITE_SECONDS ? undefined : fallback,
    challenges: [
      ...headerValues(response.headers, 'WWW-Authenticate'),
      ...headerValues(response.headers, 'Proxy-Authenticate'),
    ],
  };
  if (type === 'Create-Session' && isSuccess(ack.status)) return checkCreated(ack, value('BITS-Protocol'));
  if (type === 'Fragment' && needsAckFields && ack.receivedOffset === undefined) {
    return invalid(
      `BITS-Received-Content-Range is ${quote(value('BITS-Received-Content-Range'))}, not a number`,
    );
  }
  return ack;
}

/** 201 is documented for Create beside 200; a client takes either. */
export const isSuccess = (status: number): boolean => status === 200 || status === 201;

/** Whether `readAck` refused the answer. */
export const isViolation = (answer: Ack | AckViolation): answer is AckViolation => 'violation' in answer;

function checkCreated(ack: Ack, protocol: string | undefined): Ack | AckViolation {
  if (withoutBraces(protocol ?? '').toLowerCase() !== withoutBraces(UPLOAD_PROTOCOL)) {
    return invalid(`BITS-Protocol is ${quote(protocol)}, which is not one the client offered`);
  }
  if (ack.sessionId === undefined || ack.sessionId === '') return invalid('BITS-Session-Id is missing');
  return ack;
}

const invalid = (violation: string): AckViolation => ({ violation, isHttpTooOld: false });
const quote = (text: string | undefined) => (text === undefined ? 'absent' : JSON.stringify(text));

function parseHresult(text: string | undefined): number | undefined {
  return text !== undefined && /^0x[0-9a-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
}

function parseDecimal(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,20}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
