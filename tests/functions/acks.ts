import { expect } from 'vitest';
import type { TestResponse } from '../support/functions-harness.ts';

/** What an answer must be, header for header; written from the tables of the protocol, not from the code. */
export interface ExpectedAck {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
}

const ack = (status: number, reason: string, headers: Readonly<Record<string, string>>): ExpectedAck => ({
  status,
  reason,
  headers: { 'BITS-Packet-Type': 'Ack', Pragma: 'no-cache', ...headers },
});

/** Both names of the error header, and the context. */
const error = (hresult: string) => ({
  'BITS-Error': hresult,
  'BITS-Error-Code': hresult,
  'BITS-Error-Context': '0x5',
});

/** The answers of the status and error table that carry no session and no offset; `about` adds those. */
export const acks = {
  ok: ack(200, 'OK', {}),
  badRequest: ack(400, 'Bad Request', error('0x80070057')),
  accessDenied: ack(403, 'Forbidden', error('0x80070005')),
  lostBeforePublication: ack(404, 'Not Found', {}),
  wrongMethod: ack(405, 'Method Not Allowed', { Allow: 'BITS_POST' }),
  fragmentTooLarge: ack(413, 'Request Entity Too Large', {}),
  gap: ack(416, 'Requested Range Not Satisfiable', {}),
  noSession: ack(500, 'Internal Server Error', error('0x8020001F')),
  entityTooLarge: ack(500, 'Internal Server Error', error('0x80200020')),
  disabled: ack(501, 'Not Implemented', error('0x80070005')),
  unavailable: ack(503, 'Service Unavailable', {}),
} as const;

/** The same answer to a packet of a session, which repeats its id as it was sent, and to a fragment with its offset. */
export const about = (expected: ExpectedAck, session: string | undefined, next?: number): ExpectedAck => ({
  ...expected,
  headers: {
    ...expected.headers,
    ...(session === undefined ? {} : { 'BITS-Session-Id': session }),
    ...(next === undefined ? {} : { 'BITS-Received-Content-Range': `${next}` }),
  },
});

/** Status, reason and every header, none missing and none too many. */
export const expectAck = (actual: TestResponse, expected: ExpectedAck): void => {
  expect(actual).toEqual(expected);
};
