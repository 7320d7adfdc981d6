import { ErrorContext, HResult, httpErrorHresult } from './constants.ts';

interface ErrorRow {
  readonly status: number;
  /** Absent where the status alone says the same thing [MC-BUP note 4]. */
  readonly hresult?: number;
  readonly context?: number;
  /** Headers that belong to this answer whoever gives it. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly when: string;
}

/**
 * Every error this server can answer: code → status, HRESULT, context. The status is the product: most 4xx end the
 * client's job, a 5xx costs it its retry delay, ten minutes by default.
 */
export const errorTable = {
  INVALID_REQUEST: {
    status: 400,
    hresult: HResult.E_INVALIDARG,
    context: ErrorContext.remoteFile,
    when: 'malformed, out of order, or closed before the last byte',
  },
  /** The access library adds `WWW-Authenticate`. */
  UNAUTHORIZED: { status: 401, when: 'credentials needed' },
  ACCESS_DENIED: {
    status: 403,
    hresult: HResult.E_ACCESSDENIED,
    context: ErrorContext.remoteFile,
    when: 'not authorised for the URL, or the destination exists and overwriting is off',
  },
  UPLOAD_LOST: { status: 404, when: 'an acknowledged file vanished before it could be published' },
  METHOD_NOT_ALLOWED: { status: 405, headers: { Allow: 'BITS_POST' }, when: 'a method other than BITS_POST' },
  APPLICATION_TIMEOUT: {
    status: 408,
    hresult: HResult.APPLICATION_TIMEOUT,
    context: ErrorContext.remoteApplication,
    when: 'the server application did not answer in time [MC-BUP 3.3]',
  },
  APPLICATION_INVALID_ANSWER: {
    status: 411,
    hresult: HResult.E_INVALIDARG,
    context: ErrorContext.remoteApplication,
    when: "the server application's answer fails validation [MC-BUP 3.3]",
  },
  /** What it answered is in the error itself: `ProtocolError.answer`. */
  APPLICATION_FAILED: {
    status: 503,
    hresult: httpErrorHresult(503),
    context: ErrorContext.remoteApplication,
    when: 'the server application answered something else than 200, or did not answer: its own status, 503 where it has none',
  },
  FRAGMENT_TOO_LARGE: {
    status: 413,
    when: 'a fragment larger than fragmentLimit: the client shrinks and repeats',
  },
  RANGE_NOT_NEXT: { status: 416, when: 'a gap: the client jumps to the offset in the Ack' },
  SESSION_NOT_FOUND: {
    status: 500,
    hresult: HResult.BG_E_SESSION_NOT_FOUND,
    context: ErrorContext.remoteFile,
    when: "a session unknown, expired, or somebody else's: the client creates another",
  },
  ENTITY_TOO_LARGE: {
    status: 500,
    hresult: HResult.BG_E_TOO_LARGE,
    context: ErrorContext.remoteFile,
    when: 'a total above maximumUploadSize',
  },
  OUT_OF_SPACE: {
    status: 500,
    hresult: HResult.ERROR_DISK_FULL,
    context: ErrorContext.remoteFile,
    when: 'out of space',
  },
  UPLOADS_DISABLED: {
    status: 501,
    hresult: HResult.E_ACCESSDENIED,
    context: ErrorContext.remoteFile,
    when: 'uploads are not enabled at this URL',
  },
  LIMIT_REACHED: {
    status: 503,
    when: 'the principal has as much open as it may: there may be room when the client comes back',
  },
  UNAVAILABLE: { status: 503, when: 'internal fault or overload: the client comes back later' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** The row of a code, seen through its common shape. */
export const errorRow = (code: ErrorCode): ErrorRow => errorTable[code];

/**
 * An answer other than success, thrown anywhere below a handler and rendered by one function (`errorAck`).
 * The message is for the log; nothing of it reaches the client.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ErrorCode;
  /** What the server application answered, in place of the row of APPLICATION_FAILED. */
  readonly answer: { readonly status: number; readonly hresult: number } | undefined;
  /** Headers of this very answer, `WWW-Authenticate` for one. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      headers?: Record<string, string>;
      answer?: { readonly status: number; readonly hresult: number };
    } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.headers = options.headers ?? {};
    this.answer = options.answer;
  }
}
