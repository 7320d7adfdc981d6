/** Request headers with lower-case names; a header that came twice is joined with ", ". */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** What a transport hands in: a socket server, or an SDK's request handler in the same process. */
export interface S3Request {
  readonly method: string;
  /** The request target exactly as sent: path, and query after "?". Never normalised, or signatures break. */
  readonly path: string;
  readonly headers: RequestHeaders;
  /** Without one the body is empty. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | undefined;
}

/**
 * The answer. A body above about a megabyte is an iterable that reads from disk as it is consumed: consume it
 * to its end or call its iterator's `return`, so that the files it holds open are closed.
 */
export interface S3Response {
  readonly status: number;
  /** Lower-case names. `content-length` is always there, also for HEAD. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

const nothing = new Uint8Array(0);

/** An answer without a body. */
export function emptyResponse(status: number, headers: Readonly<Record<string, string>> = {}): S3Response {
  return { status, headers: { 'content-length': '0', ...headers }, body: nothing };
}

/** An answer with an XML document. */
export function xmlResponse(
  status: number,
  xml: string,
  headers: Readonly<Record<string, string>> = {},
): S3Response {
  const body = Buffer.from(xml);
  return {
    status,
    headers: { 'content-type': 'application/xml', 'content-length': String(body.byteLength), ...headers },
    body,
  };
}

/** The time as HTTP writes it: whole seconds. */
export function httpDate(epochMs: number): string {
  return new Date(epochMs).toUTCString();
}
