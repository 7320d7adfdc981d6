import type { Header } from '../support/http/message.ts';
import { headerValue } from '../support/http/message.ts';
import type { ExchangeResponse } from './exchange.ts';
import { SessionIds } from './session-ids.ts';

/** Headers that the hosting layer may add to any response. */
export const HOSTING_HEADERS: readonly string[] = ['Date', 'Server', 'Connection'];

/** What a load balancer adds where a function names no type. Any other type is the server's own, and wrong on an Ack. */
export const HOSTING_CONTENT_TYPE = 'application/octet-stream';

export interface CompareOptions {
  /** Nothing stands before the function that may have added a type. Default false. */
  readonly isBareFunction?: boolean;
  /** Pairs of ids known so far; a successful Create adds one. */
  readonly sessions?: SessionIds;
  /** Header names to leave out on both sides. Default: what the hosting layer adds. A bare function has no Content-Length. */
  readonly ignoredHeaders?: readonly string[];
  /** Whether a header name in another letter case is a difference. Default true; some proxies lower-case them. */
  readonly isHeaderCaseExact?: boolean;
}

/**
 * Compares an answer with the written one: status, reason, every header name and value byte for byte, body; the order
 * of headers and the hosting headers apart. Returns the differences, none when they are the same.
 */
export function compareAck(
  expected: ExchangeResponse,
  actual: ExchangeResponse,
  options: CompareOptions = {},
): readonly string[] {
  const sessions = options.sessions ?? new SessionIds();
  const differences: string[] = [];
  if (expected.status !== actual.status || expected.reason !== actual.reason) {
    differences.push(
      `status line: expected ${expected.status} ${expected.reason}, got ${actual.status} ${actual.reason}`,
    );
  }
  const complaint = bindCreated(expected, actual, sessions);
  if (complaint !== undefined) differences.push(complaint);
  const wanted = headerLines(expected.headers, options).map((line) => withActualIds(line, sessions));
  const got = headerLines(actual.headers, options);
  for (const line of wanted) {
    if (!takeOut(got, line)) differences.push(`missing header: ${line}`);
  }
  const left = options.isBareFunction === true ? got : got.filter((line) => !isHostingType(line));
  differences.push(...left.map((line) => `unexpected header: ${line}`));
  if (!Buffer.from(expected.body).equals(Buffer.from(actual.body))) {
    differences.push(
      `body: expected ${expected.body.length} bytes, got ${actual.body.length} or other bytes`,
    );
  }
  return differences;
}

const GUID = /\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}/g;

/** Only a Create success issues an id: there the written one stands for whatever the server chose. */
function bindCreated(
  expected: ExchangeResponse,
  actual: ExchangeResponse,
  sessions: SessionIds,
): string | undefined {
  const written = headerValue(expected.headers, 'BITS-Session-Id');
  const issued = headerValue(actual.headers, 'BITS-Session-Id');
  const isCreated = headerValue(expected.headers, 'BITS-Protocol') !== undefined;
  if (!isCreated || written === undefined || issued === undefined) return undefined;
  if (issued.match(GUID)?.[0] !== issued) return `the session id ${issued} is not a GUID in braces`;
  return sessions.bind(written, issued);
}

const isHostingType = (line: string): boolean =>
  /^content-type: (.*)$/i.exec(line)?.[1] === HOSTING_CONTENT_TYPE;

function headerLines(headers: readonly Header[], options: CompareOptions): string[] {
  const ignored = (options.ignoredHeaders ?? HOSTING_HEADERS).map((name) => name.toLowerCase());
  const spell =
    options.isHeaderCaseExact === false ? (name: string) => name.toLowerCase() : (name: string) => name;
  return headers
    .filter(([name]) => !ignored.includes(name.toLowerCase()))
    .map(([name, value]) => `${spell(name)}: ${value}`);
}

function withActualIds(line: string, sessions: SessionIds): string {
  return line.replace(GUID, (written) => sessions.toActual(written));
}

function takeOut(lines: string[], line: string): boolean {
  const at = lines.indexOf(line);
  if (at < 0) return false;
  lines.splice(at, 1);
  return true;
}
