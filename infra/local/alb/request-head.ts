import { isUtf8 } from 'node:buffer';
import type { ByteSource } from './byte-source.ts';
import { RequestRefused } from './errors.ts';
import type { FrontDoorLimits } from './limits.ts';

/** One header line as it came: the name in the client's letter case, the value without surrounding blanks. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/** The head of one request. */
export interface RequestHead {
  /** Compared case-sensitively everywhere. */
  readonly method: string;
  /** Path of the target, not decoded; `/` where an absolute-form target has none. */
  readonly path: string;
  /** What follows the first `?`, not decoded, without the `?`; empty when there is none. */
  readonly query: string;
  readonly version: '1.0' | '1.1';
  /** In the order in which they came, duplicates included. */
  readonly headers: readonly Header[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REQUEST_LINE = /^([^ ]+) ([^ ]+) (HTTP\/\d\.\d)$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it must find
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]+)(.*)$/i;

/** Every value of a header, in order. `lowerCaseName` must be lower case. */
export function valuesOf(head: RequestHead, lowerCaseName: string): string[] {
  return head.headers
    .filter((header) => header.name.toLowerCase() === lowerCaseName)
    .map((header) => header.value);
}

/** Reads one request head, up to and including the empty line. Anything doubtful throws `RequestRefused`. */
export async function readRequestHead(source: ByteSource, limits: FrontDoorLimits): Promise<RequestHead> {
  let line = await source.readLine(limits.maxRequestLineBytes);
  // RFC 9112 2.2: one empty line before the request line, left over from a sloppy earlier request, is skipped.
  if (line.length === 0) line = await source.readLine(limits.maxRequestLineBytes);
  const { method, target, version } = parseRequestLine(line);

  const headers: Header[] = [];
  let totalBytes = 0;
  for (;;) {
    const headerLine = await source.readLine(limits.maxHeaderBytes);
    if (headerLine.length === 0) break;
    totalBytes += headerLine.length + 2;
    if (totalBytes > limits.maxAllHeadersBytes) {
      throw new RequestRefused(
        400,
        'HeadersTooLong',
        `more than ${limits.maxAllHeadersBytes} bytes of headers`,
      );
    }
    headers.push(parseHeaderLine(headerLine));
  }
  return withTarget({ method, version, headers }, target);
}

/** `name: value`. Obsolete line folding, blanks before the colon and control characters are refused with 400. */
export function parseHeaderLine(line: Buffer): Header {
  const text = decode(line);
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0));
  if (!TOKEN.test(name)) throw new RequestRefused(400, 'BadHeaderName', 'a header line without a valid name');
  const value = text.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
  if (CONTROL.test(value)) throw new RequestRefused(400, 'BadHeaderValue', `control characters in ${name}`);
  return { name, value };
}

function parseRequestLine(line: Buffer): { method: string; target: string; version: '1.0' | '1.1' } {
  if (!isUtf8(line)) throw new RequestRefused(400, 'BadTarget', 'the request line is not UTF-8');
  const text = line.toString('utf8');
  const [, method, target, protocol] = REQUEST_LINE.exec(text) ?? [];
  if (method === undefined || target === undefined || CONTROL.test(text) || text.includes('\t')) {
    throw new RequestRefused(400, 'BadRequestLine', 'not: method SP target SP HTTP/1.1');
  }
  if (!TOKEN.test(method)) throw new RequestRefused(400, 'BadMethod', 'the method is not a token');
  if (protocol !== 'HTTP/1.1' && protocol !== 'HTTP/1.0') {
    throw new RequestRefused(505, 'BadVersion', `unsupported protocol version ${protocol}`);
  }
  return { method, target, version: protocol === 'HTTP/1.1' ? '1.1' : '1.0' };
}

/** Splits the target and settles Host: RFC 9112 3.2, where an absolute-form target overrides the header. */
function withTarget(head: Pick<RequestHead, 'method' | 'version' | 'headers'>, target: string): RequestHead {
  const hosts = head.headers.filter(({ name }) => name.toLowerCase() === 'host');
  if (hosts.length > 1 || (hosts.length === 0 && head.version === '1.1')) {
    throw new RequestRefused(400, 'BadHost', 'HTTP/1.1 wants exactly one Host header');
  }
  if (target.includes('#')) throw new RequestRefused(400, 'BadTarget', 'a fragment identifier in the target');
  if (target.startsWith('/') || (target === '*' && head.method === 'OPTIONS')) {
    return { ...head, ...splitQuery(target) };
  }
  const [, authority, rest] = ABSOLUTE_FORM.exec(target) ?? [];
  if (authority === undefined || rest === undefined) {
    throw new RequestRefused(400, 'BadTarget', 'neither origin-form nor absolute-form');
  }
  const others = head.headers.filter(({ name }) => name.toLowerCase() !== 'host');
  const host = { name: hosts[0]?.name ?? 'Host', value: authority };
  return { ...head, headers: [...others, host], ...splitQuery(rest.startsWith('/') ? rest : `/${rest}`) };
}

function splitQuery(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: '' };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** UTF-8 where it is that, else one character per byte: both give every client's bytes a faithful JSON form. */
function decode(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}
