import { createHash } from 'node:crypto';

/**
 * Bytes that do not compress, made once for each length: making them anew for every fragment would cost more processor time
 * than what is measured.
 */
export class Payload {
  readonly #bytes: Buffer;
  readonly #base64 = new Map<number, string>();
  readonly #md5 = new Map<number, string>();

  constructor(maxBytes: number) {
    this.#bytes = Buffer.allocUnsafe(maxBytes);
    for (let at = 0; at < maxBytes; at += 32) {
      createHash('sha256').update(`${at}`).digest().copy(this.#bytes, at);
    }
  }

  bytes(lengthBytes: number): Buffer {
    return this.#bytes.subarray(0, lengthBytes);
  }

  /** The same as a load balancer puts it in its event. */
  base64(lengthBytes: number): string {
    let text = this.#base64.get(lengthBytes);
    if (text === undefined) {
      text = this.bytes(lengthBytes).toString('base64');
      this.#base64.set(lengthBytes, text);
    }
    return text;
  }

  /** MD5 in base64, as Content-MD5 has it. */
  md5(lengthBytes: number): string {
    let digest = this.#md5.get(lengthBytes);
    if (digest === undefined) {
      digest = createHash('md5').update(this.bytes(lengthBytes)).digest('base64');
      this.#md5.set(lengthBytes, digest);
    }
    return digest;
  }
}
