import type { Ack, AckViolation } from './ack.ts';
import { isSuccess, isViolation } from './ack.ts';
import { BitsJobError, HRESULT, httpErrorHresult, jobError } from './job-error.ts';
import type { PacketType } from './packet.ts';
import type { TransportError } from './transport.ts';

/** What came of a packet: an answer, or none. */
export type Outcome =
  | { readonly kind: 'answer'; readonly answer: Ack | AckViolation }
  | { readonly kind: 'no-answer'; readonly error: TransportError };

/** What the client does next. */
export type Reaction =
  | { readonly kind: 'proceed'; readonly ack: Ack }
  /** The session is gone: begin a new one. */
  | { readonly kind: 'recreate' }
  /** Nothing more to do, although the answer was not a success (CLOSE and CANCEL only). */
  | { readonly kind: 'stop' }
  | { readonly kind: 'shrink' }
  /** The server's offset is another one: go on there. */
  | { readonly kind: 'jump'; readonly ack: Ack }
  | { readonly kind: 'authenticate'; readonly ack: Ack }
  /** Transient: wait the retry delay, then try again. */
  | { readonly kind: 'retry'; readonly reason: string }
  | { readonly kind: 'fail'; readonly error: BitsJobError };

/** CLOSE met an unknown session: Win32's page says stop, the open specification says upload everything again. */
export type CloseOnSessionNotFound = 'stop' | 'recreate';

/** HRESULTs that end the job although their status is 5xx. */
const REPORTED_CODES: ReadonlySet<number> = new Set([
  HRESULT.E_ACCESSDENIED,
  HRESULT.BG_E_TOO_LARGE,
  HRESULT.E_INVALIDARG,
]);

/**
 * The client's reaction table (MC-BUP 3.1.5 and the Win32 pages on return values and application errors), read from
 * top to bottom. Pure: the caller carries it out.
 */
export function react(
  type: PacketType,
  outcome: Outcome,
  options: { readonly closeOnSessionNotFound: CloseOnSessionNotFound },
): Reaction {
  if (outcome.kind === 'no-answer') return { kind: 'retry', reason: outcome.error.message };
  const { answer } = outcome;
  if (isViolation(answer)) return reactToViolation(answer);
  if (isSuccess(answer.status)) return { kind: 'proceed', ack: answer };
  if (answer.errorCode === HRESULT.BG_E_SESSION_NOT_FOUND) return reactToLostSession(type, options);
  switch (answer.status) {
    case 401:
    case 407:
      return { kind: 'authenticate', ack: answer };
    case 413:
      return type === 'Fragment' ? { kind: 'shrink' } : giveUp(type, answer);
    case 416:
      return type === 'Fragment' && answer.receivedOffset !== undefined
        ? { kind: 'jump', ack: answer }
        : giveUp(type, answer);
  }
  if ((type === 'Close-Session' || type === 'Cancel-Session') && isBelow500(answer.status)) {
    return giveUp(type, answer);
  }
  return isTransient(answer) ? { kind: 'retry', reason: `status ${answer.status}` } : giveUp(type, answer);
}

/** The job error of an answer: its HRESULT if it has one, else 0x80190000 plus the status. */
export function jobErrorOf(type: PacketType, ack: Ack): BitsJobError {
  return new BitsJobError(
    { hresult: ack.errorCode ?? httpErrorHresult(ack.status), context: ack.errorContext, status: ack.status },
    `${type} was answered ${ack.status}`,
  );
}

/**
 * The documented class list: 3xx transient but for 300–305 and 307, 4xx fatal but for 408 and 409, 5xx transient but
 * for 501 and 505, everything else transient.
 */
export function isTransientStatus(status: number): boolean {
  if (status >= 300 && status <= 399) return !((status >= 300 && status <= 305) || status === 307);
  if (status >= 400 && status <= 499) return status === 408 || status === 409;
  if (status >= 500 && status <= 599) return status !== 501 && status !== 505;
  return true;
}

function isTransient(ack: Ack): boolean {
  if (ack.status >= 500 && ack.errorCode !== undefined && REPORTED_CODES.has(ack.errorCode)) return false;
  return isTransientStatus(ack.status);
}

const isBelow500 = (status: number) => status >= 100 && status <= 499;

function reactToViolation(answer: AckViolation): Reaction {
  if (!answer.isHttpTooOld) return { kind: 'retry', reason: answer.violation };
  const error = jobError('BG_E_INSUFFICIENT_HTTP_SUPPORT', 'remote-file', answer.violation);
  return { kind: 'fail', error };
}

function reactToLostSession(
  type: PacketType,
  options: { readonly closeOnSessionNotFound: CloseOnSessionNotFound },
): Reaction {
  if (type === 'Cancel-Session') return { kind: 'stop' };
  if (type === 'Close-Session') return { kind: options.closeOnSessionNotFound };
  return { kind: 'recreate' };
}

/** CANCEL gives up in silence: the user has already let go of the job. */
function giveUp(type: PacketType, ack: Ack): Reaction {
  return type === 'Cancel-Session' ? { kind: 'stop' } : { kind: 'fail', error: jobErrorOf(type, ack) };
}
