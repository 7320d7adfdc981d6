import type { BodyMemory } from './body-memory.ts';
import type { ByteSource } from './byte-source.ts';
import { RequestRefused } from './errors.ts';
import type { FrontDoorLimits } from './limits.ts';
import { parseHeaderLine, type RequestHead, valuesOf } from './request-head.ts';

/** How the end of a body is known. */
export type Framing = { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' };

/**
 * What becomes of a body over the limit. Both are seen in the field, so a client must cope with both.
 * `drain`: all of it is read and thrown away, then 413, and the connection stays.
 * `early`: 413 at once, then the connection is closed.
 */
export type OversizeMode = 'drain' | 'early';

/** A whole body, or what happened to one that was too large. */
export type BodyOutcome = { readonly body: Buffer } | { readonly oversize: OversizeMode };

export interface BodyReading {
  readonly limits: Pick<FrontDoorLimits, 'maxBodyBytes' | 'maxAllHeadersBytes' | 'maxHeaderBytes'>;
  /** Memory for a body whose length is known. */
  readonly memory: Pick<BodyMemory, 'take'>;
  /** Asked once, when a body turns out to be too large. */
  oversizeMode(): OversizeMode;
  /** Called before the first byte of the body is awaited: the place for `100 Continue`. */
  beforeBody(): void;
}

const CHUNK_LINE_MAX_BYTES = 4096;
// At most 2^32-1: no client of ours needs more, and the number stays exact. Extensions are read over.
const CHUNK_LINE = /^([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e]*)?$/;
const CONTENT_LENGTH = /^\d{1,15}$/;

/**
 * Decides how the body of a request ends, or refuses the request where two readers could disagree about it:
 * Content-Length beside Transfer-Encoding, two different lengths, a length that is no plain number, codings other than
 * `chunked` and `identity` (501), chunked in HTTP/1.0.
 */
export function framingOf(head: RequestHead): Framing {
  const lengths = new Set(valuesOf(head, 'content-length'));
  const codings = valuesOf(head, 'transfer-encoding').map((value) => value.toLowerCase());
  const [length = '0'] = lengths;
  const [coding] = codings;
  if (lengths.size > 1 || !CONTENT_LENGTH.test(length)) {
    throw new RequestRefused(400, 'BadContentLength', 'Content-Length is not one plain number');
  }
  if (coding === undefined) return { kind: 'length', bytes: Number(length) };
  if (lengths.size > 0 || codings.length > 1 || head.version === '1.0') {
    throw new RequestRefused(400, 'BadTransferEncoding', 'the end of the body is ambiguous');
  }
  if (coding === 'identity') return { kind: 'length', bytes: 0 };
  if (coding !== 'chunked') {
    throw new RequestRefused(501, 'BadTransferEncoding', 'only chunked and identity are supported');
  }
  return { kind: 'chunked' };
}

/** Reads one body to its end, or to the point where it is known to be too large in mode `early`. */
export async function readBody(
  source: ByteSource,
  framing: Framing,
  reading: BodyReading,
): Promise<BodyOutcome> {
  return framing.kind === 'length' ? readSized(source, framing.bytes, reading) : readChunked(source, reading);
}

async function readSized(source: ByteSource, bytes: number, reading: BodyReading): Promise<BodyOutcome> {
  if (bytes === 0) return { body: Buffer.alloc(0) };
  const oversize = bytes > reading.limits.maxBodyBytes ? reading.oversizeMode() : undefined;
  if (oversize === 'early') return { oversize };
  reading.beforeBody();
  const body = reading.memory.take(oversize === undefined ? bytes : 0);
  for (let received = 0; received < bytes; ) {
    const some = await source.readSome(bytes - received);
    if (oversize === undefined) some.copy(body, received);
    received += some.length;
  }
  return oversize === undefined ? { body } : { oversize };
}

async function readChunked(source: ByteSource, reading: BodyReading): Promise<BodyOutcome> {
  reading.beforeBody();
  // One buffer for all: a list of slices could cost a hundred bytes of memory for each byte of a hostile body.
  const buffer = Buffer.allocUnsafe(reading.limits.maxBodyBytes);
  let received = 0;
  let oversize: OversizeMode | undefined;
  for (;;) {
    const size = parseChunkLine(await source.readLine(CHUNK_LINE_MAX_BYTES));
    if (size === 0) break;
    if (received + size > buffer.length) oversize ??= reading.oversizeMode();
    if (oversize === 'early') return { oversize };
    for (let left = size; left > 0; ) {
      const some = await source.readSome(left);
      if (oversize === undefined) received += some.copy(buffer, received);
      left -= some.length;
    }
    if ((await source.readLine(2)).length > 0) {
      throw new RequestRefused(400, 'BadChunk', 'a chunk is longer than its size');
    }
  }
  await skipTrailers(source, reading);
  return oversize === undefined ? { body: buffer.subarray(0, received) } : { oversize };
}

function parseChunkLine(line: Buffer): number {
  const [, digits] = CHUNK_LINE.exec(line.toString('latin1')) ?? [];
  if (digits === undefined) throw new RequestRefused(400, 'BadChunk', 'not a chunk size');
  return Number.parseInt(digits, 16);
}

async function skipTrailers(source: ByteSource, { limits }: BodyReading): Promise<void> {
  for (let totalBytes = 0; totalBytes <= limits.maxAllHeadersBytes; ) {
    const line = await source.readLine(limits.maxHeaderBytes);
    if (line.length === 0) return;
    parseHeaderLine(line);
    totalBytes += line.length + 2;
  }
  throw new RequestRefused(400, 'HeadersTooLong', `more than ${limits.maxAllHeadersBytes} bytes of trailers`);
}
