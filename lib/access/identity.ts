import type { BitsRequest } from '../protocol/request.ts';
import type { Destination } from './destination.ts';

/** The principal of everybody, where a destination asks for no credentials. */
export const anonymous = 'anonymous';

/**
 * Check C2: who is calling. The one place that reads credentials; every packet passes through it, and a session is bound
 * to the principal it returns.
 * @throws ProtocolError UNAUTHORIZED with `WWW-Authenticate` where the destination needs credentials it did not get
 */
export const authenticate = (_request: BitsRequest, destination: Destination): string => {
  switch (destination.access) {
    case 'none':
      return anonymous;
  }
};
