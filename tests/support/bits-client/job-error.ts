/** HRESULTs that a BITS job can end with, or that an Ack can carry. */
export const HRESULT = {
  E_ACCESSDENIED: 0x80070005,
  E_INVALIDARG: 0x80070057,
  DISK_FULL: 0x80070070,
  BG_E_INSUFFICIENT_HTTP_SUPPORT: 0x80200012,
  BG_E_INSUFFICIENT_RANGE_SUPPORT: 0x80200013,
  BG_E_INVALID_SERVER_RESPONSE: 0x8020001b,
  BG_E_LOCAL_FILE_CHANGED: 0x8020001d,
  BG_E_SESSION_NOT_FOUND: 0x8020001f,
  BG_E_TOO_LARGE: 0x80200020,
  BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH: 0x80200022,
  BG_E_NO_PROGRESS: 0x80200024,
  BG_E_CONNECT_FAILURE: 0x8020002d,
  BG_E_CONNECTION_CLOSED: 0x8020002e,
} as const;

/** Windows' BG_ERROR_CONTEXT, as far as an upload can produce it. */
export type ErrorContext = 'local-file' | 'remote-file' | 'transport' | 'remote-application';

/** BG_E_HTTP_ERROR_nnn: 0x80190000 plus the status. */
export const httpErrorHresult = (status: number): number => 0x80190000 + status;

/** `0x` and eight upper-case hexadecimal digits, as BITS prints an HRESULT. */
export const formatHresult = (hresult: number): string =>
  `0x${hresult.toString(16).toUpperCase().padStart(8, '0')}`;

/** The published name of an HRESULT, or its digits. */
export function hresultName(hresult: number): string {
  const known = Object.entries(HRESULT).find(([, value]) => value === hresult);
  if (known !== undefined) return known[0];
  const status = hresult - 0x80190000;
  return status >= 100 && status <= 599 ? `BG_E_HTTP_ERROR_${status}` : formatHresult(hresult);
}

/** The job has failed for good: what `bitsadmin /info` would show as its error. */
export class BitsJobError extends Error {
  override readonly name = 'BitsJobError';
  /** Stable: the published name of the HRESULT. */
  readonly code: string;
  readonly hresult: number;
  readonly context: ErrorContext;
  /** HTTP status of the answer that ended the job, when it was an answer. */
  readonly status: number | undefined;

  constructor(
    failure: {
      readonly hresult: number;
      readonly context: ErrorContext;
      readonly status?: number | undefined;
    },
    message: string,
    cause?: unknown,
  ) {
    super(`${message} (${hresultName(failure.hresult)})`, cause === undefined ? undefined : { cause });
    this.code = hresultName(failure.hresult);
    this.hresult = failure.hresult;
    this.context = failure.context;
    this.status = failure.status;
  }
}

/** A BitsJobError by the name of its HRESULT. */
export function jobError(
  code: keyof typeof HRESULT,
  context: ErrorContext,
  message: string,
  cause?: unknown,
): BitsJobError {
  return new BitsJobError({ hresult: HRESULT[code], context }, message, cause);
}

/** The job was interrupted by its AbortSignal; it can go on later from `progress`, or be cancelled. */
export class BitsSuspendedError extends Error {
  override readonly name = 'BitsSuspendedError';
  readonly code = 'SUSPENDED';
}

/** The server did what the option `serverMode` says it should not. For tests; not a Windows error. */
export class ServerModeError extends Error {
  override readonly name = 'ServerModeError';
  readonly code = 'SERVER_MODE';
}
