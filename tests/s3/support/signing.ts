import { createHash, createHmac } from 'node:crypto';

/** Who signs, and where and when the signature is to hold. */
export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly signedAt: Date;
}

/** What is signed. `path` and `query` not yet encoded; a query name without a value is given as "". */
export interface Unsigned {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Lower-case names, `host` among them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A request target and its headers, ready to send. */
export interface Signed {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signature: string;
}

/**
 * Signature Version 4 in the Authorization header, written for these tests from its description and checked
 * against the examples in it, so that the server is judged by something other than its own code.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function signHeaders(request: Unsigned, payloadHash: string, signer: Signer): Signed {
  const amzDate = amzDateOf(signer.signedAt);
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-date': amzDate,
    'x-amz-content-sha256': payloadHash,
  };
  const names = Object.keys(headers).sort();
  const query = canonicalQuery(request.query ?? {});
  const canonical = canonicalRequest(request, query, headers, names, payloadHash);
  const signature = signText(['AWS4-HMAC-SHA256', amzDate, scopeOf(signer), sha256(canonical)], signer);
  const fields = [
    `Credential=${signer.accessKeyId}/${scopeOf(signer)}`,
    `SignedHeaders=${names.join(';')}`,
    `Signature=${signature}`,
  ];
  return {
    path: target(request.path, query),
    headers: { ...headers, authorization: `AWS4-HMAC-SHA256 ${fields.join(', ')}` },
    signature,
  };
}

/** A presigned URL's path and query; only the headers given must be sent along. */
export function presign(request: Unsigned, expiresSeconds: number, signer: Signer): Signed {
  const amzDate = amzDateOf(signer.signedAt);
  const names = Object.keys(request.headers).sort();
  const query = canonicalQuery({
    ...request.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${signer.accessKeyId}/${scopeOf(signer)}`,
    'X-Amz-Date': amzDate,
    'X-Amz-Expires': String(expiresSeconds),
    'X-Amz-SignedHeaders': names.join(';'),
  });
  const canonical = canonicalRequest(request, query, request.headers, names, 'UNSIGNED-PAYLOAD');
  const signature = signText(['AWS4-HMAC-SHA256', amzDate, scopeOf(signer), sha256(canonical)], signer);
  return {
    path: `${target(request.path, query)}&X-Amz-Signature=${signature}`,
    headers: request.headers,
    signature,
  };
}

/** An aws-chunked body, signed chunk by chunk; with `trailer` its lines follow, signed as well. */
export function signChunks(
  chunks: readonly Uint8Array[],
  seedSignature: string,
  signer: Signer,
  trailer?: Readonly<Record<string, string>>,
): Buffer {
  const amzDate = amzDateOf(signer.signedAt);
  let previous = seedSignature;
  const pieces: Uint8Array[] = [];
  for (const chunk of [...chunks, new Uint8Array(0)]) {
    const lines = ['AWS4-HMAC-SHA256-PAYLOAD', amzDate, scopeOf(signer), previous, sha256(''), sha256(chunk)];
    previous = signText(lines, signer);
    const isLast = chunk.byteLength === 0;
    const head = `${chunk.byteLength.toString(16)};chunk-signature=${previous}\r\n`;
    pieces.push(Buffer.from(head), chunk, Buffer.from(isLast && trailer !== undefined ? '' : '\r\n'));
  }
  if (trailer !== undefined) {
    const lines = Object.entries(trailer).map(([name, value]) => `${name}:${value}`);
    const hash = sha256(lines.map((line) => `${line}\n`).join(''));
    const signature = signText(
      ['AWS4-HMAC-SHA256-TRAILER', amzDate, scopeOf(signer), previous, hash],
      signer,
    );
    pieces.push(Buffer.from([...lines, `x-amz-trailer-signature:${signature}`, '', ''].join('\r\n')));
  }
  return Buffer.concat(pieces);
}

/** Lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function canonicalRequest(
  request: Unsigned,
  query: string,
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
  payloadHash: string,
): string {
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  return [request.method, encodePath(request.path), query, lines, names.join(';'), payloadHash].join('\n');
}

function signText(lines: readonly string[], { secretAccessKey, signedAt, region }: Signer): string {
  const steps = [amzDateOf(signedAt).slice(0, 8), region, 's3', 'aws4_request', lines.join('\n')];
  let key: string | Buffer = `AWS4${secretAccessKey}`;
  for (const step of steps) key = createHmac('sha256', key).update(step).digest();
  return key.toString('hex');
}

function scopeOf({ signedAt, region }: Signer): string {
  return `${amzDateOf(signedAt).slice(0, 8)}/${region}/s3/aws4_request`;
}

function amzDateOf(date: Date): string {
  return `${date.toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
}

function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function target(path: string, query: string): string {
  return query === '' ? encodePath(path) : `${encodePath(path)}?${query}`;
}

function encodePath(path: string): string {
  return path.split('/').map(encode).join('/');
}

/** All but A–Z a–z 0–9 - . _ ~ as %XX of its UTF-8 bytes. */
function encode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => String.fromCharCode(byte))
    .map((c) =>
      /[A-Za-z0-9._~-]/.test(c) ? c : `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}
