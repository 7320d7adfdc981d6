import type { HttpRequest, HttpResponse } from '../http/message.ts';

/** There was no complete answer. The client treats every one of these as transient. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /**
   * `CONNECT`: the connection could not be made. `BROKEN`: it broke before the answer was complete. `TIMEOUT`: a
   * client timer ran out. `CUT`: the client cut it on purpose. `LOST`: the client dropped the answer on purpose.
   */
  readonly code: 'CONNECT' | 'BROKEN' | 'TIMEOUT' | 'CUT' | 'LOST';
  /** What had arrived of the answer, so that a download can go on behind it. */
  readonly partial: HttpResponse | undefined;

  constructor(
    code: TransportError['code'],
    message: string,
    details: { readonly cause?: unknown; readonly partial?: HttpResponse | undefined } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.partial = details.partial;
  }
}

export interface SendOptions {
  /** Use a connection of its own, beside the kept one. */
  readonly newConnection?: boolean | undefined;
  /** Send only so many bytes of the body, then cut the connection; always ends in TransportError `CUT`. */
  readonly truncateBodyAtBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Carries requests to a server. One request at a time on the kept connection, as BITS does. */
export interface Transport {
  /** Sends to the host and port of `origin`. Rejects with TransportError only. */
  send(request: HttpRequest, origin: URL, options?: SendOptions): Promise<HttpResponse>;
  /** Closes the kept connection. */
  close(): void;
}

export interface TransportTimers {
  /** From the start of a request until it is handed over. Windows: 2 minutes. */
  readonly sendTimeoutMs: number;
  /** From then until the answer is complete. Windows: 5 minutes. */
  readonly responseTimeoutMs: number;
}

export const WINDOWS_TIMERS: TransportTimers = { sendTimeoutMs: 120_000, responseTimeoutMs: 300_000 };
