import { ProtocolError } from '../../lib/protocol/errors.ts';
import { RequestHeaders } from '../../lib/protocol/request.ts';

/** Request headers from name and value pairs; a value of `undefined` leaves the header out. */
export const headersOf = (fields: Readonly<Record<string, string | undefined>>): RequestHeaders =>
  new RequestHeaders(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );

/** The code of the ProtocolError that `run` throws; anything else it throws passes, and no error is `undefined`. */
export const codeThrownBy = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
};
