import { S3Error } from '../errors.ts';
import { type Scope, sameSignature, scopeText, sha256Hex, sign } from './signature.ts';

const emptyHash = sha256Hex('');

/**
 * The chain of signatures in a signed aws-chunked body: each covers the one before, the first covers the
 * signature of the request.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export class ChunkSignatures {
  readonly #key: Buffer;
  readonly #signedAt: string;
  readonly #scope: Scope;
  #previous: string;

  constructor(key: Buffer, signedAt: string, scope: Scope, seedSignature: string) {
    this.#key = key;
    this.#signedAt = signedAt;
    this.#scope = scope;
    this.#previous = seedSignature;
  }

  /** Check the next chunk, the last one with length 0 included. Throws `SignatureDoesNotMatch`. */
  verifyChunk(chunkSha256Hex: string, signature: string): void {
    this.#verify([...this.#head('AWS4-HMAC-SHA256-PAYLOAD'), emptyHash, chunkSha256Hex], signature);
  }

  /** Check the trailer, given as `name:value\n` lines. Throws `SignatureDoesNotMatch`. */
  verifyTrailer(canonicalTrailer: string, signature: string): void {
    this.#verify([...this.#head('AWS4-HMAC-SHA256-TRAILER'), sha256Hex(canonicalTrailer)], signature);
  }

  #head(kind: string): string[] {
    return [kind, this.#signedAt, scopeText(this.#scope), this.#previous];
  }

  #verify(lines: readonly string[], signature: string): void {
    if (!sameSignature(sign(this.#key, lines.join('\n')), signature))
      throw new S3Error('SignatureDoesNotMatch');
    this.#previous = signature;
  }
}
