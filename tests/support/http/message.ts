/** HTTP/1.1 messages as plain values, header order and letter case kept, for clients that must control every byte. */

export type Header = readonly [name: string, value: string];

export interface HttpRequest {
  readonly method: string;
  /** Request target as it goes on the request line: origin-form or absolute-form, never re-encoded. */
  readonly target: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

/** How the end of the body was found; `none` is a HEAD answer or a status that has no body by definition. */
export type BodyFraming = 'content-length' | 'chunked' | 'close' | 'none';

export interface HttpResponse {
  /** `1.1`, `1.0`: the digits after `HTTP/`. */
  readonly httpVersion: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  readonly framing: BodyFraming;
}

/** All values of a header, in order; names are compared without regard to case (RFC 9110 5.1). */
export function headerValues(headers: readonly Header[], name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return headers.filter(([candidate]) => candidate.toLowerCase() === wanted).map(([, value]) => value);
}

/** First value of a header, or undefined when it is absent. */
export function headerValue(headers: readonly Header[], name: string): string | undefined {
  return headerValues(headers, name)[0];
}

/** The head of a request as bytes, empty line included; header values go out as Latin-1, unchecked on purpose. */
export function encodeRequestHead(request: Omit<HttpRequest, 'body'>): Uint8Array {
  const lines = [
    `${request.method} ${request.target} HTTP/1.1`,
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** A request as bytes: head, then the body as it is, whatever Content-Length says. */
export function encodeRequest(request: HttpRequest): Uint8Array {
  return Buffer.concat([encodeRequestHead(request), request.body]);
}

/** A response head on one screen, for reports: status line and headers, LF between lines. */
export function describeResponse(response: HttpResponse): string {
  const head = [
    `HTTP/${response.httpVersion} ${response.status} ${response.reason}`,
    ...response.headers.map(([name, value]) => `${name}: ${value}`),
  ].join('\n');
  return response.body.length === 0 ? head : `${head}\n\n(${response.body.length} bytes of body)`;
}
