import { maxHeaderValueBytes } from './constants.ts';
import { ProtocolError } from './errors.ts';

/**
 * Request headers as the hosting layer delivered them: names in any letter case, every value of a repeated header kept.
 * Values are trimmed of the white space that HTTP allows around them.
 */
export class RequestHeaders {
  readonly #values = new Map<string, string[]>();

  constructor(entries: Iterable<readonly [name: string, value: string]>) {
    for (const [name, value] of entries) {
      const key = name.toLowerCase();
      const trimmed = trimWhiteSpace(value);
      const known = this.#values.get(key);
      if (known === undefined) this.#values.set(key, [trimmed]);
      else known.push(trimmed);
    }
  }

  /** The value of a header, the last one if it was repeated (`assertWellFormed` has refused differing ones). */
  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase())?.at(-1);
  }

  /** Every value of a header, in the order in which they came. */
  all(name: string): readonly string[] {
    return this.#values.get(name.toLowerCase()) ?? [];
  }

  /**
   * Check C4: no `BITS-*` or `Content-*` value over 4,096 bytes, and no two differing values of a header that this
   * server acts on. Other headers (credentials, cookies, the caller's own) are the front end's business.
   * @throws ProtocolError INVALID_REQUEST [MC-BUP 2.2.1, 3.2.5.2.3]
   */
  assertWellFormed(): void {
    for (const [name, values] of this.#values) {
      if (!name.startsWith('bits-') && !name.startsWith('content-')) continue;
      if (values.some((value) => utf8Length(value) > maxHeaderValueBytes)) {
        throw new ProtocolError('INVALID_REQUEST', `${name} is longer than ${maxHeaderValueBytes} bytes`);
      }
      if (isActedOn(name) && values.some((value) => value !== values[0])) {
        throw new ProtocolError('INVALID_REQUEST', `${name} came twice with different values`);
      }
    }
  }
}

const actedOn = new Set(['content-range', 'content-length', 'content-encoding']);

const isActedOn = (name: string): boolean => name.startsWith('bits-') || actedOn.has(name);

/** Without spaces and tabs at either end. A pattern for this takes quadratic time over a long run of spaces inside. */
const trimWhiteSpace = (text: string): string => {
  const isWhite = (at: number): boolean => text[at] === ' ' || text[at] === '\t';
  let from = 0;
  let end = text.length;
  while (from < end && isWhite(from)) from++;
  while (end > from && isWhite(end - 1)) end--;
  return text.slice(from, end);
};

const utf8Length = (text: string): number => new TextEncoder().encode(text).byteLength;

/** One HTTP request as the functions see it, whatever carried it here. */
export interface BitsRequest {
  readonly method: string;
  /** `http` or `https`, as the client used it. */
  readonly scheme: string;
  /** The `Host` header, empty if there was none. */
  readonly host: string;
  /** Raw path and query of the target, percent-escapes untouched; `query` without its question mark. */
  readonly path: string;
  readonly query: string;
  readonly headers: RequestHeaders;
  /** ARN of the target group that the request came through, written by the load balancer; empty if there was none. */
  readonly targetGroup: string;
  /**
   * Decodes the body, at the first call only: an answer that needs no body does not pay for it. `memory` may say where to:
   * it is asked for exactly so many bytes.
   */
  body(memory?: (lengthBytes: number) => Uint8Array): Uint8Array;
}
