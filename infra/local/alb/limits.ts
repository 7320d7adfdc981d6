/**
 * What the front door accepts and how long it waits. The defaults are the documented figures of an Application Load
 * Balancer with Lambda targets; tests set smaller ones.
 */
export interface FrontDoorLimits {
  /** The request line without its CRLF; more is answered 400. */
  readonly maxRequestLineBytes: number;
  /** One header line without its CRLF; more is answered 400. */
  readonly maxHeaderBytes: number;
  /** All header lines together, CRLFs included; more is answered 400. */
  readonly maxAllHeadersBytes: number;
  /** A request body; one byte more is answered 413. AWS says "1 MB" and does not say which: the smaller reading. */
  readonly maxBodyBytes: number;
  /** The function's result as JSON; more is answered 502. */
  readonly maxResponseJsonBytes: number;
  /** The function's response headers as written to the client; more is answered 502. */
  readonly maxResponseHeadersBytes: number;
  /** Addresses in X-Forwarded-For as the client sent it; more is answered 463. */
  readonly maxForwardedForEntries: number;
  /** Silence in the middle of a request, or a client that does not read its answer. Ends in 408 or a closed connection. */
  readonly idleTimeoutMs: number;
  /** Silence between two requests of one connection; then the connection is closed without a word. */
  readonly keepAliveTimeoutMs: number;
  /** How long a connection that has had its last answer is still read, so that the answer is not lost to a reset. */
  readonly lingerTimeoutMs: number;
  /** How much is read and thrown away in that time. */
  readonly lingerMaxBytes: number;
}

/** The documented figures. */
export const DEFAULT_LIMITS: FrontDoorLimits = Object.freeze({
  maxRequestLineBytes: 16 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxAllHeadersBytes: 64 * 1024,
  maxBodyBytes: 1_000_000,
  maxResponseJsonBytes: 1_000_000,
  maxResponseHeadersBytes: 32 * 1024,
  maxForwardedForEntries: 30,
  idleTimeoutMs: 60_000,
  keepAliveTimeoutMs: 3_600_000,
  lingerTimeoutMs: 5_000,
  lingerMaxBytes: 64 * 1024 * 1024,
});
