import type { BodyFraming, Header, HttpResponse } from './message.ts';
import { headerValues } from './message.ts';

/** The other side sent bytes that are not an HTTP/1 response. */
export class HttpSyntaxError extends Error {
  override readonly name = 'HttpSyntaxError';
  readonly code = 'HTTP_SYNTAX';
}

export interface ParsedResponse {
  readonly response: HttpResponse;
  /** Bytes of the input that belong to this response (and to interim 1xx answers before it). */
  readonly consumedBytes: number;
}

interface Head {
  readonly httpVersion: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly lengthBytes: number;
}

/** Interim answers (100 Continue, 103) come before the real one and are skipped. */
const isInterim = (status: number) => status >= 100 && status < 200 && status !== 101;

/**
 * Reads one response from the start of `input`, skipping interim answers.
 *
 * Returns undefined while bytes are missing. `ended` says that the connection is closed, which ends a body
 * without a length. Throws HttpSyntaxError for anything that is not HTTP/1.
 */
export function parseResponse(
  input: Buffer,
  options: { readonly requestMethod: string; readonly ended: boolean },
): ParsedResponse | undefined {
  let offset = 0;
  for (;;) {
    const head = parseHead(input.subarray(offset));
    if (head === undefined) return undefined;
    offset += head.lengthBytes;
    if (isInterim(head.status)) continue;
    const rest = input.subarray(offset);
    const body = parseBody(rest, head, options);
    if (body === undefined) return undefined;
    const { httpVersion, status, reason, headers } = head;
    return {
      response: { httpVersion, status, reason, headers, body: body.bytes, framing: body.framing },
      consumedBytes: offset + body.consumedBytes,
    };
  }
}

/** Whether a complete head is there whose body has no declared end: only the closing connection ends it. */
export function isBodyUntilClose(input: Buffer, requestMethod: string): boolean {
  const head = parseHead(input);
  return head !== undefined && !isInterim(head.status) && framingOf(head, requestMethod) === 'close';
}

function parseHead(input: Buffer): Head | undefined {
  const end = input.indexOf('\r\n\r\n');
  if (end < 0) {
    if (input.length > 0 && !'HTTP/'.startsWith(input.subarray(0, 5).toString('latin1'))) {
      throw new HttpSyntaxError(
        `not an HTTP response: ${JSON.stringify(input.subarray(0, 40).toString('latin1'))}`,
      );
    }
    return undefined;
  }
  const [statusLine = '', ...lines] = input.subarray(0, end).toString('latin1').split('\r\n');
  const match = /^HTTP\/(\d\.\d) (\d{3})(?: (.*))?$/.exec(statusLine);
  if (match === null) throw new HttpSyntaxError(`bad status line: ${JSON.stringify(statusLine)}`);
  const [, httpVersion = '', status = '', reason = ''] = match;
  return {
    httpVersion,
    status: Number(status),
    reason,
    headers: lines.map(parseHeader),
    lengthBytes: end + 4,
  };
}

function parseHeader(line: string): Header {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/.exec(line);
  if (match === null) throw new HttpSyntaxError(`bad header line: ${JSON.stringify(line)}`);
  const [, name = '', value = ''] = match;
  return [name, value];
}

function framingOf(head: Head, requestMethod: string): BodyFraming {
  if (requestMethod === 'HEAD' || head.status === 204 || head.status === 304) return 'none';
  if (headerValues(head.headers, 'transfer-encoding').length > 0) return 'chunked';
  return headerValues(head.headers, 'content-length').length > 0 ? 'content-length' : 'close';
}

interface Body {
  readonly bytes: Uint8Array;
  readonly framing: BodyFraming;
  readonly consumedBytes: number;
}

function parseBody(
  rest: Buffer,
  head: Head,
  options: { readonly requestMethod: string; readonly ended: boolean },
): Body | undefined {
  const framing = framingOf(head, options.requestMethod);
  switch (framing) {
    case 'none':
      return { bytes: Buffer.alloc(0), framing, consumedBytes: 0 };
    case 'close':
      return options.ended ? { bytes: Buffer.from(rest), framing, consumedBytes: rest.length } : undefined;
    case 'content-length': {
      const lengthBytes = contentLength(head.headers);
      if (rest.length < lengthBytes) return undefined;
      return { bytes: Buffer.from(rest.subarray(0, lengthBytes)), framing, consumedBytes: lengthBytes };
    }
    case 'chunked':
      return parseChunks(rest);
  }
}

function contentLength(headers: readonly Header[]): number {
  const [value = '', ...others] = headerValues(headers, 'content-length');
  if (!/^\d{1,15}$/.test(value) || others.some((other) => other !== value)) {
    throw new HttpSyntaxError(`bad Content-Length: ${JSON.stringify([value, ...others])}`);
  }
  return Number(value);
}

function parseChunks(rest: Buffer): Body | undefined {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', offset);
    if (lineEnd < 0) return undefined;
    const match = /^([0-9a-fA-F]{1,12})(?:[ \t]*;.*)?$/.exec(
      rest.subarray(offset, lineEnd).toString('latin1'),
    );
    if (match === null) throw new HttpSyntaxError('bad chunk size');
    const sizeBytes = Number.parseInt(match[1] ?? '', 16);
    offset = lineEnd + 2;
    if (sizeBytes === 0) {
      // Trailers are read and dropped: the empty line that ends them also ends the body.
      const end = rest.indexOf('\r\n', offset) === offset ? offset : rest.indexOf('\r\n\r\n', offset) + 2;
      if (end < offset || rest.length < end + 2) return undefined;
      return { bytes: Buffer.concat(chunks), framing: 'chunked', consumedBytes: end + 2 };
    }
    if (rest.length < offset + sizeBytes + 2) return undefined;
    chunks.push(rest.subarray(offset, offset + sizeBytes));
    offset += sizeBytes + 2;
  }
}
