import { S3Error } from './errors.ts';
import type { S3Request } from './http.ts';

/** A query string, decoded, in the order sent. */
export class Query {
  readonly pairs: readonly (readonly [name: string, value: string])[];

  constructor(raw: string) {
    this.pairs = raw
      .split('&')
      .filter((piece) => piece !== '')
      .map((piece) => {
        const equals = piece.indexOf('=');
        return equals < 0
          ? ([decode(piece), ''] as const)
          : ([decode(piece.slice(0, equals)), decode(piece.slice(equals + 1))] as const);
      });
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** The first value of that name; a name without "=" has the value "". */
  get(name: string): string | undefined {
    return this.pairs.find(([other]) => other === name)?.[1];
  }
}

/** What a request is about. `bucket` and `key` are "" where the URL names none. */
export interface Target {
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  /** The decoded path as sent, of which the signature was made. */
  readonly path: string;
}

const maxKeyBytes = 1024;

/**
 * Read bucket and key from the URL. Both of S3's forms: `/bucket/key`, and `/key` with the bucket in front of
 * `.localhost` or `.s3.<region>.amazonaws.com` in the Host header.
 */
export function parseTarget(request: S3Request, region: string): Target {
  const question = request.path.indexOf('?');
  const rawPath = question < 0 ? request.path : request.path.slice(0, question);
  if (!rawPath.startsWith('/')) throw new S3Error('InvalidURI');
  const path = decode(rawPath);
  const query = new Query(question < 0 ? '' : request.path.slice(question + 1));
  const hostBucket = bucketOfHost(request.headers['host'] ?? '', region);
  if (hostBucket !== undefined) return { bucket: hostBucket, key: checkKey(path.slice(1)), query, path };
  const slash = path.indexOf('/', 1);
  if (slash < 0) return { bucket: path.slice(1), key: '', query, path };
  return { bucket: path.slice(1, slash), key: checkKey(path.slice(slash + 1)), query, path };
}

/** The bucket and key of an `x-amz-copy-source` header: `bucket/key` or `/bucket/key`, URL-encoded. */
export function parseCopySource(header: string): { bucket: string; key: string } {
  if (header.includes('?'))
    throw new S3Error('NotImplemented', 'Versions of a copy source are not implemented.');
  const path = decode(header.startsWith('/') ? header.slice(1) : header);
  const slash = path.indexOf('/');
  if (slash <= 0 || slash === path.length - 1) {
    throw new S3Error(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  }
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1) };
}

function bucketOfHost(host: string, region: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  for (const suffix of ['.localhost', `.s3.${region}.amazonaws.com`, '.s3.amazonaws.com']) {
    if (name.endsWith(suffix)) return name.slice(0, -suffix.length);
  }
  return undefined;
}

function checkKey(key: string): string {
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > maxKeyBytes) {
    throw new S3Error('KeyTooLongError', undefined, {
      fields: { Size: String(keyBytes), MaxSizeAllowed: String(maxKeyBytes) },
    });
  }
  return key;
}

/** Percent-decoding only: a plus is a plus, in paths and in queries, as SDKs write them. */
function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new S3Error('InvalidURI', undefined, { cause });
  }
}
