import { STATUS_CODES } from 'node:http';
import { RequestRefused } from './errors.ts';
import type { FrontDoorLimits } from './limits.ts';

/** An HTTP answer before the front door adds Date, Connection and Content-Length. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  /** Names are written as they stand here. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

const KNOWN_FIELDS = new Set(['statusCode', 'statusDescription', 'isBase64Encoded', 'headers', 'body']);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it must find
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
// The load balancer computes these itself, whatever the function says.
const COMPUTED = new Set(['content-length', 'connection', 'transfer-encoding', 'keep-alive', 'date']);

type ResponseLimits = Pick<FrontDoorLimits, 'maxResponseJsonBytes' | 'maxResponseHeadersBytes'>;

/**
 * A function's result → an answer, as strictly as the load balancer: a whole-number `statusCode` of 200–599, header
 * values and body that are strings, no `null` anywhere, no `multiValueHeaders` (they are off), sizes within limits.
 * Everything else throws `RequestRefused` with 502, code `LambdaInvalidResponse` or `LambdaResponseTooLarge`.
 *
 * A field that is none of the known ones is refused too: a real load balancer would ignore it in silence, and on a
 * developer's machine a misspelt field is better heard of.
 */
export function fromLambdaResponse(result: unknown, limits: ResponseLimits): Answer {
  const response = asJson(result, limits.maxResponseJsonBytes);
  const unknownField = Object.keys(response).find((field) => !KNOWN_FIELDS.has(field));
  if (unknownField !== undefined) throw invalid(`unknown field ${unknownField}`);

  const { statusCode, statusDescription, isBase64Encoded = false, headers = {}, body = '' } = response;
  if (
    typeof statusCode !== 'number' ||
    !Number.isInteger(statusCode) ||
    statusCode < 200 ||
    statusCode > 599
  ) {
    throw invalid('statusCode is not a whole number of 200 to 599');
  }
  if (typeof isBase64Encoded !== 'boolean') throw invalid('isBase64Encoded is not a boolean');
  if (typeof body !== 'string') throw invalid('body is not a string');
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (isBase64Encoded && bytes.toString('base64') !== body) throw invalid('body is not base64');
  return {
    status: statusCode,
    reason: reasonPhrase(statusCode, statusDescription),
    headers: headerList(headers, limits.maxResponseHeadersBytes),
    body: bytes,
  };
}

function invalid(message: string): RequestRefused {
  return new RequestRefused(502, 'LambdaInvalidResponse', message);
}

/** A function's result travels as JSON: what JSON drops is gone, what it cannot hold is an error. */
function asJson(result: unknown, maxBytes: number): Record<string, unknown> {
  const json = stringify(result);
  if (Buffer.byteLength(json) > maxBytes) {
    throw new RequestRefused(502, 'LambdaResponseTooLarge', `a response of more than ${maxBytes} bytes`);
  }
  const value: unknown = JSON.parse(json);
  if (!isRecord(value)) throw invalid('the response is not an object');
  return value;
}

function stringify(result: unknown): string {
  try {
    return JSON.stringify(result) ?? 'null';
  } catch (cause) {
    throw new RequestRefused(502, 'LambdaInvalidResponse', 'the response has no JSON form', { cause });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function reasonPhrase(statusCode: number, description: unknown): string {
  if (description === undefined) return STATUS_CODES[statusCode] ?? '';
  if (typeof description !== 'string' || CONTROL.test(description)) {
    throw invalid('statusDescription is not a line of text');
  }
  return description.replace(/^\d{3} ?/, '');
}

function headerList(headers: unknown, maxBytes: number): [string, string][] {
  if (!isRecord(headers)) throw invalid('headers is not an object');
  const list: [string, string][] = [];
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') throw invalid(`the value of header ${name} is not a string`);
    if (!TOKEN.test(name) || CONTROL.test(value)) throw invalid(`header ${name} cannot be sent`);
    bytes += Buffer.byteLength(`${name}: ${value}\r\n`);
    if (!COMPUTED.has(name.toLowerCase())) list.push([name, value]);
  }
  if (bytes > maxBytes) {
    throw new RequestRefused(
      502,
      'LambdaResponseTooLarge',
      `more than ${maxBytes} bytes of response headers`,
    );
  }
  return list;
}
