import { crc32 } from 'node:zlib';
import type { Source } from '../bits-client/index.ts';

const READ_BYTES = 1_000_000;

/** A source that computes the CRC32 of the whole file while it is read for the upload, in whatever order. */
export class Crc32Source implements Source {
  #crc = 0;
  /** Bytes from 0 that the checksum covers. */
  #coveredBytes = 0;
  readonly #inner: Source;

  constructor(inner: Source) {
    this.#inner = inner;
  }

  get sizeBytes(): number {
    return this.#inner.sizeBytes;
  }

  async read(offset: number, lengthBytes: number): Promise<Uint8Array> {
    const bytes = await this.#inner.read(offset, lengthBytes);
    const known = this.#coveredBytes - offset;
    // A repeat adds nothing, an overlap its new end; a jump ahead waits until the gap is read.
    if (known >= 0 && known < bytes.length) {
      this.#crc = crc32(bytes.subarray(known), this.#crc);
      this.#coveredBytes += bytes.length - known;
    }
    return bytes;
  }

  /** The checksum of the whole file; reads what the upload did not have to read. */
  async finish(): Promise<number> {
    while (this.#coveredBytes < this.sizeBytes) {
      await this.read(this.#coveredBytes, Math.min(READ_BYTES, this.sizeBytes - this.#coveredBytes));
    }
    return this.#crc;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
