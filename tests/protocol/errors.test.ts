import { describe, expect, it } from 'vitest';
import { errorAck } from '../../lib/protocol/ack.ts';
import { type ErrorCode, errorRow, errorTable, ProtocolError } from '../../lib/protocol/errors.ts';
import { headersOf } from './request-of.ts';

type Row = readonly [
  code: ErrorCode,
  status: number,
  reason: string,
  hresult: string | undefined,
  context: string | undefined,
];

/** The published status and error table, written out: nothing here is computed from the code under test. */
const rows: readonly Row[] = [
  ['INVALID_REQUEST', 400, 'Bad Request', '0x80070057', '0x5'],
  ['UNAUTHORIZED', 401, 'Unauthorized', undefined, undefined],
  ['ACCESS_DENIED', 403, 'Forbidden', '0x80070005', '0x5'],
  ['UPLOAD_LOST', 404, 'Not Found', undefined, undefined],
  ['METHOD_NOT_ALLOWED', 405, 'Method Not Allowed', undefined, undefined],
  ['APPLICATION_TIMEOUT', 408, 'Request Timeout', '0x80070112', '0x7'],
  ['APPLICATION_INVALID_ANSWER', 411, 'Length Required', '0x80070057', '0x7'],
  ['APPLICATION_FAILED', 503, 'Service Unavailable', '0x801901F7', '0x7'],
  ['FRAGMENT_TOO_LARGE', 413, 'Request Entity Too Large', undefined, undefined],
  ['RANGE_NOT_NEXT', 416, 'Requested Range Not Satisfiable', undefined, undefined],
  ['SESSION_NOT_FOUND', 500, 'Internal Server Error', '0x8020001F', '0x5'],
  ['ENTITY_TOO_LARGE', 500, 'Internal Server Error', '0x80200020', '0x5'],
  ['OUT_OF_SPACE', 500, 'Internal Server Error', '0x80070070', '0x5'],
  ['UPLOADS_DISABLED', 501, 'Not Implemented', '0x80070005', '0x5'],
  ['LIMIT_REACHED', 503, 'Service Unavailable', undefined, undefined],
  ['UNAVAILABLE', 503, 'Service Unavailable', undefined, undefined],
];

const request = headersOf({ 'BITS-Packet-Type': 'Fragment', 'BITS-Session-Id': '{id}' });

describe('error table', () => {
  it.each(rows)('%s is answered %d %s %s %s', (code, status, reason, hresult, context) => {
    const ack = errorAck(request, new ProtocolError(code, 'for the log'));
    expect(ack.status).toBe(status);
    expect(ack.reason).toBe(reason);
    expect(ack.headers['BITS-Error']).toBe(hresult);
    expect(ack.headers['BITS-Error-Code']).toBe(hresult);
    expect(ack.headers['BITS-Error-Context']).toBe(context);
  });

  it('has no row that is not tested here', () => {
    expect(Object.keys(errorTable).sort()).toEqual(rows.map(([code]) => code).sort());
  });

  it('never names a permanent failure with a status that the client takes for a transient one, or the reverse', () => {
    const transient = new Set<ErrorCode>([
      'LIMIT_REACHED',
      'APPLICATION_TIMEOUT',
      'APPLICATION_FAILED',
      'OUT_OF_SPACE',
      'UNAVAILABLE',
    ]);
    // These have a meaning of their own for the client: credentials, shrink, jump, begin again, report.
    const handled = new Set<ErrorCode>([
      'UNAUTHORIZED',
      'FRAGMENT_TOO_LARGE',
      'RANGE_NOT_NEXT',
      'SESSION_NOT_FOUND',
      'ENTITY_TOO_LARGE',
    ]);
    for (const [code, status] of rows) {
      if (handled.has(code)) continue;
      const isTransient = status === 408 || status === 409 || (status >= 500 && ![501, 505].includes(status));
      expect(isTransient, code).toBe(transient.has(code));
    }
  });

  it('says with 405 which method is allowed', () => {
    expect(errorRow('METHOD_NOT_ALLOWED').headers).toEqual({ Allow: 'BITS_POST' });
  });
});

describe('ProtocolError', () => {
  it('is an Error with a code, a message for the log, and its cause', () => {
    const cause = new Error('below');
    const error = new ProtocolError('UNAVAILABLE', 'the store did not answer', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'ProtocolError',
      code: 'UNAVAILABLE',
      message: 'the store did not answer',
      headers: {},
    });
    expect(error.cause).toBe(cause);
  });

  it('has no cause unless it was given one', () => {
    expect('cause' in new ProtocolError('UNAVAILABLE', 'of itself')).toBe(false);
  });
});
