import { createHash, type Hash } from 'node:crypto';
import type { ChunkSignatures } from '../auth/chunk-signatures.ts';
import { S3Error } from '../errors.ts';

const maxLineBytes = 16 * 1024;

/**
 * Unwrap an aws-chunked body: `<hex length>[;chunk-signature=…]\r\n<bytes>\r\n` … `0\r\n`, trailers, `\r\n`.
 * With `signatures` every chunk and the trailer must be signed; bytes are handed on before their chunk's
 * signature is known, so the consumer keeps them only once the iteration has ended. Trailers are put into
 * `trailers`, names in lower case.
 */
export async function* decodeAwsChunked(
  body: AsyncIterable<Uint8Array>,
  expectTrailer: boolean,
  signatures: ChunkSignatures | undefined,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array> {
  const reader = new Reader(body);
  for (;;) {
    const header = await reader.line();
    const match = /^([0-9a-fA-F]{1,10})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(header);
    if (match === null)
      throw new S3Error('IncompleteBody', 'A chunk header of the aws-chunked body is malformed.');
    const signature = match[2] ?? '';
    let remainingBytes = Number.parseInt(match[1] ?? '', 16);
    const isLast = remainingBytes === 0;
    const hash: Hash | undefined = signatures === undefined ? undefined : createHash('sha256');
    while (remainingBytes > 0) {
      const piece = await reader.atMost(remainingBytes);
      remainingBytes -= piece.byteLength;
      hash?.update(piece);
      yield piece;
    }
    if (hash !== undefined) signatures?.verifyChunk(hash.digest('hex'), signature);
    if (isLast) break;
    if ((await reader.line()) !== '')
      throw new S3Error('IncompleteBody', 'A chunk is longer than its header says.');
  }
  if (expectTrailer) await readTrailer(reader, signatures, trailers);
  else if ((await reader.line()) !== '') throw new S3Error('MalformedTrailerError');
  await reader.end();
}

async function readTrailer(
  reader: Reader,
  signatures: ChunkSignatures | undefined,
  trailers: Map<string, string>,
): Promise<void> {
  let canonical = '';
  let signature: string | undefined;
  // The trailer ends with an empty line or, as some clients write it, with the body.
  for (
    let line = await reader.lineOrEnd();
    line !== undefined && line !== '';
    line = await reader.lineOrEnd()
  ) {
    const colon = line.indexOf(':');
    if (colon <= 0) throw new S3Error('MalformedTrailerError');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'x-amz-trailer-signature') {
      signature = value;
    } else {
      canonical += `${name}:${value}\n`;
      trailers.set(name, value);
    }
  }
  signatures?.verifyTrailer(canonical, signature ?? '');
}

/** Lines and byte runs out of an iterable of chunks. */
class Reader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#source = body[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const line = await this.lineOrEnd();
    if (line === undefined) throw new S3Error('IncompleteBody');
    return line;
  }

  /** The next line without its CR LF (a bare LF ends one too), or `undefined` at the end of the body. */
  async lineOrEnd(): Promise<string | undefined> {
    let line = '';
    for (;;) {
      if (this.#rest.byteLength === 0 && !(await this.#more())) {
        if (line === '') return undefined;
        throw new S3Error('IncompleteBody');
      }
      const newline = this.#rest.indexOf(0x0a);
      line += Buffer.from(newline < 0 ? this.#rest : this.#rest.subarray(0, newline)).toString('latin1');
      this.#rest = newline < 0 ? new Uint8Array(0) : this.#rest.subarray(newline + 1);
      if (newline >= 0) return line.endsWith('\r') ? line.slice(0, -1) : line;
      if (line.length > maxLineBytes)
        throw new S3Error('IncompleteBody', 'A line of the aws-chunked body is too long.');
    }
  }

  async atMost(maxBytes: number): Promise<Uint8Array> {
    if (this.#rest.byteLength === 0 && !(await this.#more())) throw new S3Error('IncompleteBody');
    const piece = this.#rest.subarray(0, maxBytes);
    this.#rest = this.#rest.subarray(piece.byteLength);
    return piece;
  }

  async end(): Promise<void> {
    if (this.#rest.byteLength > 0 || (await this.#more())) {
      throw new S3Error('IncompleteBody', 'Bytes follow the end of the aws-chunked body.');
    }
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const next = await this.#source.next();
      if (next.done === true) return false;
      if (next.value.byteLength > 0) {
        this.#rest = next.value;
        return true;
      }
    }
  }
}
