import { createHash } from 'node:crypto';
import { openPayload, readDocument } from '../body/payload.ts';
import type { Call } from '../call.ts';
import {
  type ChecksumAlgorithm,
  checksumAlgorithm,
  checksumAlgorithms,
  checksumHeader,
  isBase64Of,
  isChecksumValue,
  startChecksum,
} from '../checksum/algorithms.ts';
import { S3Error } from '../errors.ts';
import type { RequestHeaders } from '../http.ts';
import type { Staged } from '../store/staged-body.ts';

/** Bytes that have arrived whole and fit every digest that the client gave. */
export interface Received {
  readonly staged: Staged;
  readonly md5Hex: string;
  /** Base64, of the algorithm that was asked for. */
  readonly checksum: string | undefined;
}

/** The algorithm of the checksum that the request carries, in a header or in its trailer. */
export function claimedAlgorithm(headers: RequestHeaders): ChecksumAlgorithm | undefined {
  const claimed = checksumAlgorithms.filter((algorithm) => headers[checksumHeader(algorithm)] !== undefined);
  const trailing = (headers['x-amz-trailer'] ?? '').split(',').flatMap((name) => {
    const algorithm = checksumAlgorithms.find(
      (candidate) => checksumHeader(candidate) === name.trim().toLowerCase(),
    );
    return algorithm === undefined ? [] : [algorithm];
  });
  const [algorithm, second] = [...claimed, ...trailing];
  if (second !== undefined) {
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  const announced = headers['x-amz-sdk-checksum-algorithm'];
  if (announced !== undefined && checksumAlgorithm(announced) !== algorithm) {
    throw new S3Error(
      'InvalidRequest',
      algorithm === undefined
        ? 'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.'
        : 'Value for x-amz-sdk-checksum-algorithm header is invalid.',
    );
  }
  return algorithm;
}

/**
 * Take in the request's body, then let `commit` decide what becomes of it. When the body is cut short, does not
 * fit a digest, or `commit` throws, nothing of it is left.
 */
export async function receiveBody<T>(
  call: Call,
  wanted: ChecksumAlgorithm | undefined,
  commit: (received: Received) => T,
): Promise<T> {
  const contentMd5 = contentMd5Of(call.headers);
  const payload = openPayload(call.request, call.proof);
  const received = await stage(call, payload.chunks, wanted, commit, (md5, checksum) => {
    verifyMd5(contentMd5, md5);
    verifyChecksum(call.headers, payload.trailers, wanted, checksum);
  });
  call.storedBytes += payload.sizeBytes;
  return received;
}

/** As {@link receiveBody}, for bytes that come from an object. */
export async function copyBody<T>(
  call: Call,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  wanted: ChecksumAlgorithm | undefined,
  commit: (received: Received) => T,
): Promise<T> {
  return stage(call, source instanceof Uint8Array ? [source] : source, wanted, commit, () => undefined);
}

/** Read a request document that must carry a digest of itself, as S3 demands of DeleteObjects and tagging. */
export async function receiveDocument(call: Call, maxBytes: number): Promise<Uint8Array> {
  const contentMd5 = contentMd5Of(call.headers);
  const algorithm = claimedAlgorithm(call.headers);
  if (contentMd5 === undefined && algorithm === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5');
  }
  const { bytes, trailers } = await readDocument(call.request, call.proof, maxBytes);
  verifyMd5(contentMd5, createHash('md5').update(bytes).digest());
  if (algorithm !== undefined) {
    const running = startChecksum(algorithm);
    running.update(bytes);
    verifyChecksum(call.headers, trailers, algorithm, running.digest().toString('base64'));
  }
  return bytes;
}

async function stage<T>(
  call: Call,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  wanted: ChecksumAlgorithm | undefined,
  commit: (received: Received) => T,
  verify: (md5: Buffer, checksum: string | undefined) => void,
): Promise<T> {
  const md5 = createHash('md5');
  const running = wanted === undefined ? undefined : startChecksum(wanted);
  const staged = call.env.catalog.files.stage();
  try {
    for await (const chunk of chunks) {
      const written = staged.append(chunk);
      md5.update(chunk);
      running?.update(chunk);
      await written;
    }
    await staged.settle();
    const digest = md5.digest();
    const checksum = running?.digest().toString('base64');
    verify(digest, checksum);
    return commit({ staged, md5Hex: digest.toString('hex'), checksum });
  } catch (error) {
    await staged.discard();
    throw error;
  }
}

function contentMd5Of(headers: RequestHeaders): string | undefined {
  const header = headers['content-md5'];
  if (header !== undefined && !isBase64Of(header, 16)) throw new S3Error('InvalidDigest');
  return header;
}

function verifyMd5(claimed: string | undefined, computed: Buffer): void {
  if (claimed === undefined || claimed === computed.toString('base64')) return;
  throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.', {
    fields: { ExpectedDigest: claimed, CalculatedDigest: computed.toString('base64') },
  });
}

function verifyChecksum(
  headers: RequestHeaders,
  trailers: ReadonlyMap<string, string>,
  algorithm: ChecksumAlgorithm | undefined,
  computed: string | undefined,
): void {
  const claimed = claimedAlgorithm(headers);
  if (algorithm === undefined || claimed !== algorithm) return;
  const name = checksumHeader(algorithm);
  const value = headers[name] ?? trailers.get(name);
  if (value === undefined) throw new S3Error('MalformedTrailerError');
  if (!isChecksumValue(algorithm, value))
    throw new S3Error('InvalidRequest', `Value for ${name} header is invalid.`);
  if (value !== computed) {
    throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
  }
}
