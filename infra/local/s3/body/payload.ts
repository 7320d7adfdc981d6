import { createHash } from 'node:crypto';
import type { PayloadProof } from '../auth/authenticate.ts';
import { ConnectionLostError, S3Error } from '../errors.ts';
import type { S3Request } from '../http.ts';
import { decodeAwsChunked } from './aws-chunked.ts';

/** A request's body as the operation sees it: transfer codings removed, length and signature checked. */
export interface Payload {
  /** Bytes to come, as announced. */
  readonly sizeBytes: number;
  /** Once. Throws at its end when length, digest or signature do not fit: keep nothing before that. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Trailing headers in lower case, complete when `chunks` has ended. */
  readonly trailers: ReadonlyMap<string, string>;
}

const maxObjectBytes = 5 * 1024 ** 3;

/**
 * Open the body of a PutObject or UploadPart: at most 5 GiB, else `EntityTooLarge`. Throws
 * `MissingContentLength` when nothing says how long it is.
 */
export function openPayload(request: S3Request, proof: PayloadProof): Payload {
  const { headers, body } = request;
  const trailers = new Map<string, string>();
  const wireBytes = parseLength(headers['content-length']);
  const isChunked = proof.kind === 'aws-chunked';
  const sizeBytes = isChunked
    ? parseLength(headers['x-amz-decoded-content-length'])
    : (wireBytes ?? (body === undefined ? 0 : body instanceof Uint8Array ? body.byteLength : undefined));
  if (sizeBytes === undefined) throw new S3Error('MissingContentLength');
  if (sizeBytes > maxObjectBytes) {
    throw new S3Error('EntityTooLarge', undefined, {
      fields: { ProposedSize: String(sizeBytes), MaxSizeAllowed: String(maxObjectBytes) },
    });
  }
  const wire = fromClient(body);
  const plain = isChunked
    ? decodeAwsChunked(
        wireBytes === undefined ? wire : ofLength(wire, wireBytes),
        proof.trailer,
        proof.signatures,
        trailers,
      )
    : wire;
  const counted = ofLength(plain, sizeBytes);
  return { sizeBytes, chunks: proof.kind === 'sha256' ? ofDigest(counted, proof.hex) : counted, trailers };
}

/** Read a request document whole: at most `maxBytes`, else `MalformedXML`. Trailers as in {@link Payload}. */
export async function readDocument(
  request: S3Request,
  proof: PayloadProof,
  maxBytes: number,
): Promise<{ bytes: Buffer; trailers: ReadonlyMap<string, string> }> {
  const payload = openPayload(request, proof);
  if (payload.sizeBytes > maxBytes) throw new S3Error('MalformedXML');
  const chunks: Uint8Array[] = [];
  for await (const chunk of payload.chunks) chunks.push(chunk);
  return { bytes: Buffer.concat(chunks), trailers: payload.trailers };
}

async function* fromClient(body: S3Request['body']): AsyncGenerator<Uint8Array> {
  if (body === undefined) return;
  if (body instanceof Uint8Array) {
    if (body.byteLength > 0) yield body;
    return;
  }
  try {
    yield* body;
  } catch (cause) {
    throw new ConnectionLostError('The client went away inside its body.', { cause });
  }
}

async function* ofLength(chunks: AsyncIterable<Uint8Array>, lengthBytes: number): AsyncGenerator<Uint8Array> {
  let seenBytes = 0;
  for await (const chunk of chunks) {
    seenBytes += chunk.byteLength;
    if (seenBytes > lengthBytes) throw new S3Error('IncompleteBody');
    yield chunk;
  }
  if (seenBytes !== lengthBytes) throw new S3Error('IncompleteBody');
}

async function* ofDigest(chunks: AsyncIterable<Uint8Array>, expectedHex: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  const computedHex = hash.digest('hex');
  if (computedHex !== expectedHex) {
    throw new S3Error('XAmzContentSHA256Mismatch', undefined, {
      fields: { ClientComputedContentSHA256: expectedHex, S3ComputedContentSHA256: computedHex },
    });
  }
}

function parseLength(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (!/^\d{1,15}$/.test(header)) throw new S3Error('InvalidArgument', 'A length header is not a number.');
  return Number(header);
}
