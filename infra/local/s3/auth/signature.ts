import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { S3Request } from '../http.ts';
import type { Target } from '../target.ts';

/** Where and when a signature holds: `<day>/<region>/s3/aws4_request`. */
export interface Scope {
  readonly accessKeyId: string;
  /** yyyymmdd */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
}

/** The value of a `Credential` field, or `undefined` when it has not five pieces. Access keys may hold slashes. */
export function parseScope(credential: string): Scope | undefined {
  const pieces = credential.split('/');
  const [terminator, service, region, day] = [pieces.pop(), pieces.pop(), pieces.pop(), pieces.pop()];
  const accessKeyId = pieces.join('/');
  if (!terminator || !service || !region || !day || accessKeyId === '') return undefined;
  return { accessKeyId, day, region, service, terminator };
}

/** The scope as it stands in a string to sign. */
export function scopeText(scope: Scope): string {
  return `${scope.day}/${scope.region}/${scope.service}/${scope.terminator}`;
}

/** The keys that sign everything of one scope: four HMACs each, so that the last one is remembered. */
export class SigningKeys {
  readonly #secretAccessKey: string;
  #last: { readonly scope: string; readonly key: Buffer } | undefined;

  constructor(secretAccessKey: string) {
    this.#secretAccessKey = secretAccessKey;
  }

  of(scope: Scope): Buffer {
    const text = scopeText(scope);
    if (this.#last?.scope !== text) {
      const key = [scope.day, scope.region, scope.service, scope.terminator].reduce<Buffer>(
        (above, piece) => createHmac('sha256', above).update(piece).digest(),
        Buffer.from(`AWS4${this.#secretAccessKey}`),
      );
      this.#last = { scope: text, key };
    }
    return this.#last.key;
  }
}

/** HMAC-SHA256 in lower-case hex. */
export function sign(key: Buffer, stringToSign: string): string {
  return createHmac('sha256', key).update(stringToSign).digest('hex');
}

/** SHA-256 in lower-case hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Whether two signatures are equal, in a time that does not depend on where they differ. */
export function sameSignature(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

/**
 * The canonical request of Signature Version 4 as S3 makes it: the path is encoded once and never normalised.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function canonicalRequest(
  request: S3Request,
  target: Target,
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  const query = target.query.pairs
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const headers = signedHeaders.map(
    (name) => `${name}:${(request.headers[name] ?? '').trim().replace(/ {2,}/g, ' ')}\n`,
  );
  return [
    request.method,
    encode(target.path).replaceAll('%2F', '/'),
    query,
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

/** Percent-encoding of everything but RFC 3986's unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
