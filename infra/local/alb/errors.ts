/** Statuses that the front door gives by itself, without asking a function. */
export type RefusalStatus = 400 | 405 | 408 | 413 | 463 | 501 | 502 | 505;

/**
 * The front door answers this request itself, bare, without any BITS header. Thrown while a request is read (the
 * connection is closed after the answer, because nobody knows where the next request begins) and where a function
 * gave no usable response (502).
 */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly status: RefusalStatus;
  /** Stable reason, in the manner of the load balancer's access log: `BadContentLength`, `LambdaInvalidResponse`. */
  readonly code: string;

  constructor(status: RefusalStatus, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

/** Why no more bytes come from a client. */
export type EndOfInput = 'ended' | 'reset' | 'idle' | 'stopping';

/** The client stopped sending: it ended its half, vanished, fell silent, or the front door is being closed. */
export class InputEnded extends Error {
  override readonly name = 'InputEnded';
  readonly code: EndOfInput;

  constructor(code: EndOfInput) {
    super(`no more input: ${code}`);
    this.code = code;
  }
}
