import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { RequestRefused } from './errors.ts';
import { type RequestHead, valuesOf } from './request-head.ts';

/** The event that a load balancer gives to a function, with multi-value headers off. */
export interface AlbEvent {
  readonly requestContext: { readonly elb: { readonly targetGroupArn: string } };
  readonly httpMethod: string;
  readonly path: string;
  /** Not URL-decoded; of doubled names the last wins. */
  readonly queryStringParameters: Readonly<Record<string, string>>;
  /** Lower-case names; of doubled names the last wins. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Who called, at the level of the connection. */
export interface Caller {
  readonly address: string;
  /** The front door's own port. */
  readonly port: number;
}

export interface EventOptions {
  readonly functionName: string;
  readonly caller: Caller;
  readonly maxForwardedForEntries: number;
  readonly now: () => number;
}

const TEXT_TYPES = new Set(['application/json', 'application/javascript', 'application/xml']);

/** The event with multi-value headers on: every copy of a header and of a parameter, and none of the plain fields. */
export interface MultiValueAlbEvent extends Omit<AlbEvent, 'headers' | 'queryStringParameters'> {
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
  readonly multiValueQueryStringParameters: Readonly<Record<string, readonly string[]>>;
}

/** The same as `toAlbEvent` for a target group with multi-value headers on. Throws as that does. */
export function toMultiValueEvent(
  head: RequestHead,
  body: Buffer,
  options: EventOptions,
): MultiValueAlbEvent {
  const { headers, queryStringParameters: _, ...event } = toAlbEvent(head, body, options);
  const received = everyValue(head.headers.map(({ name, value }) => [name.toLowerCase(), value]));
  return {
    ...event,
    // What the load balancer writes itself takes the place of what came.
    multiValueHeaders: {
      ...received,
      ...everyValue(Object.entries(headers).filter(([name]) => isOwn(name))),
    },
    multiValueQueryStringParameters: everyValue(queryPairs(head.query)),
  };
}

const isOwn = (name: string): boolean => name === 'x-amzn-trace-id' || name.startsWith('x-forwarded-');

function everyValue(pairs: readonly (readonly [string, string])[]): Record<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

/** Throws `RequestRefused` with 400 for a text body that is no UTF-8, 463 for too many forwarding addresses. */
export function toAlbEvent(head: RequestHead, body: Buffer, options: EventOptions): AlbEvent {
  const received = lastWins(head.headers.map(({ name, value }) => [name.toLowerCase(), value]));
  return {
    requestContext: { elb: { targetGroupArn: targetGroupArn(options.functionName) } },
    httpMethod: head.method,
    path: head.path,
    queryStringParameters: lastWins(queryPairs(head.query)),
    headers: {
      ...received,
      'x-amzn-trace-id': traceId(received['x-amzn-trace-id'], options.now()),
      'x-forwarded-for': forwardedFor(head, options),
      'x-forwarded-port': String(options.caller.port),
      'x-forwarded-proto': 'http',
    },
    ...encodeBody(body, received),
  };
}

/** A stable, well-formed name for a target group that exists nowhere. */
function targetGroupArn(functionName: string): string {
  return `arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/${functionName}/0000000000000000`;
}

// Own properties only: a header called `__proto__` is an ordinary name here.
function lastWins(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(pairs);
}

function queryPairs(query: string): [string, string][] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    });
}

/**
 * The base64 rule: any content-encoding → base64; else `text/*`, JSON, JavaScript and XML → as it is; else, also
 * without any content type → base64. An empty body is the empty string and not called base64.
 */
function encodeBody(
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): Pick<AlbEvent, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) return { body: '', isBase64Encoded: false };
  const mediaType = (headers['content-type'] ?? '').split(';', 1).join('').trim().toLowerCase();
  const isText = mediaType.startsWith('text/') || TEXT_TYPES.has(mediaType);
  if (headers['content-encoding'] !== undefined || !isText) {
    return { body: toBase64(body), isBase64Encoded: true };
  }
  if (!isUtf8(body)) throw new RequestRefused(400, 'LambdaBadRequest', 'a text body that is not UTF-8');
  return { body: body.toString('utf8'), isBase64Encoded: false };
}

/** A multiple of three, so that only the last piece is padded. */
const textPieceBytes = 720_000;

/**
 * In pieces of less than a million characters, put together: Node keeps longer ones outside V8's heap, where they outlive every
 * small collection, and one for each request has a full collection of the heap run every few requests.
 */
function toBase64(body: Buffer): string {
  let text = '';
  for (let from = 0; from < body.length; from += textPieceBytes) {
    text += body.toString('base64', from, from + textPieceBytes);
  }
  return text;
}

function forwardedFor(head: RequestHead, options: EventOptions): string {
  const earlier = valuesOf(head, 'x-forwarded-for')
    .join(',')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (earlier.length > options.maxForwardedForEntries) {
    throw new RequestRefused(463, 'BadForwardedFor', `more than ${options.maxForwardedForEntries} addresses`);
  }
  return [...earlier, options.caller.address].join(', ');
}

/** A root of our own; a client's root is kept and gets our `Self` beside it. */
function traceId(received: string | undefined, nowEpochMs: number): string {
  const seconds = Math.floor(nowEpochMs / 1000)
    .toString(16)
    .padStart(8, '0');
  const own = `1-${seconds}-${randomBytes(12).toString('hex')}`;
  const fields = (received ?? '').split(';').filter((field) => field !== '' && !field.startsWith('Self='));
  if (!fields.some((field) => field.startsWith('Root='))) return [`Root=${own}`, ...fields].join(';');
  return [`Self=${own}`, ...fields].join(';');
}
