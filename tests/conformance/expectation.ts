import { formatHresult, HRESULT, UPLOAD_PROTOCOL } from '../support/bits-client/index.ts';
import type { HttpRequest, HttpResponse } from '../support/http/message.ts';
import { headerValue } from '../support/http/message.ts';
import { echoedSessionId, isAck } from './ack-rules.ts';

/** What the answer to one packet has to be. */
export interface Expectation {
  readonly status: number;
  /** Value of BITS-Received-Content-Range; undefined means that the header must not be there. */
  readonly offset: number | undefined;
  readonly error: keyof typeof HRESULT | undefined;
  /** A Create success: protocol, a session id of its own, Accept-Encoding. */
  readonly isCreated: boolean;
  /** Status codes that are also right as a front end's own answer, without any BITS header. */
  readonly bareStatuses: readonly number[];
}

const ack = (
  status: number,
  error: keyof typeof HRESULT | undefined,
  offset: number | undefined,
): Expectation => ({ status, error, offset, isCreated: false, bareStatuses: [] });

export const ok = (offset?: number): Expectation => ack(200, undefined, offset);
export const created: Expectation = { ...ack(200, undefined, undefined), isCreated: true };
/** 400, E_INVALIDARG. */
export const invalid = (offset?: number): Expectation => ack(400, 'E_INVALIDARG', offset);
/** 403, E_ACCESSDENIED. */
export const denied: Expectation = ack(403, 'E_ACCESSDENIED', undefined);
/** 501, E_ACCESSDENIED. */
export const disabled: Expectation = ack(501, 'E_ACCESSDENIED', undefined);
/** 500, BG_E_SESSION_NOT_FOUND. */
export const notFound: Expectation = ack(500, 'BG_E_SESSION_NOT_FOUND', undefined);
/** 500, BG_E_TOO_LARGE. */
export const tooLarge = (offset: number): Expectation => ack(500, 'BG_E_TOO_LARGE', offset);
export const gap = (offset: number): Expectation => ack(416, undefined, offset);
export const fragmentTooLarge = (offset: number): Expectation => ({
  ...ack(413, undefined, offset),
  bareStatuses: [413],
});
export const unauthorized: Expectation = ack(401, undefined, undefined);
export const unavailable: Expectation = ack(503, undefined, undefined);

/** The same, where a front end may have answered by itself. */
export const orBare = (expectation: Expectation, ...statuses: readonly number[]): Expectation => ({
  ...expectation,
  bareStatuses: [...expectation.bareStatuses, ...statuses],
});

/** Whether the answer is one that the expectation allows a front end to give in place of the server. */
export const isAllowedBare = (expectation: Expectation, response: HttpResponse): boolean =>
  !isAck(response) && expectation.bareStatuses.includes(response.status);

/** Compares an answer with what it has to be, every BITS header included; returns the differences. */
export function differencesOf(
  expectation: Expectation,
  request: HttpRequest,
  response: HttpResponse,
): readonly string[] {
  if (isAllowedBare(expectation, response)) return [];
  const differences: string[] = [];
  const compare = (what: string, expected: string | undefined, actual: string | undefined) => {
    if (expected !== actual) {
      differences.push(`${what}: expected ${expected ?? 'none'}, got ${actual ?? 'none'}`);
    }
  };
  const value = (name: string) => headerValue(response.headers, name);
  compare('status', String(expectation.status), String(response.status));
  compare('BITS-Packet-Type', 'Ack', value('BITS-Packet-Type'));
  compare(
    'BITS-Received-Content-Range',
    expectation.offset?.toString(),
    value('BITS-Received-Content-Range'),
  );
  const code = expectation.error === undefined ? undefined : formatHresult(HRESULT[expectation.error]);
  compare('BITS-Error', code, value('BITS-Error'));
  compare('BITS-Error-Code', code, value('BITS-Error-Code'));
  compare('BITS-Error-Context', code === undefined ? undefined : '0x5', value('BITS-Error-Context'));
  if (expectation.isCreated) {
    differences.push(...differencesOfCreated(response));
  } else {
    compare('BITS-Session-Id', echoedSessionId(request), value('BITS-Session-Id'));
    compare('BITS-Protocol', undefined, value('BITS-Protocol'));
    compare('Accept-Encoding', undefined, value('Accept-Encoding'));
  }
  if (expectation.status === 401 && value('WWW-Authenticate') === undefined) {
    differences.push('WWW-Authenticate is missing');
  }
  return differences;
}

const GUID_V4 = /^\{[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}\}$/i;

function differencesOfCreated(response: HttpResponse): readonly string[] {
  const differences: string[] = [];
  const protocol = headerValue(response.headers, 'BITS-Protocol');
  const sessionId = headerValue(response.headers, 'BITS-Session-Id');
  const encoding = headerValue(response.headers, 'Accept-Encoding');
  if (protocol !== UPLOAD_PROTOCOL) differences.push(`BITS-Protocol: ${protocol ?? 'none'}`);
  if (sessionId === undefined || !GUID_V4.test(sessionId)) {
    differences.push(`BITS-Session-Id is not a random GUID in braces: ${sessionId ?? 'none'}`);
  }
  if (encoding !== 'identity') differences.push(`Accept-Encoding: ${encoding ?? 'none'}`);
  return differences;
}
