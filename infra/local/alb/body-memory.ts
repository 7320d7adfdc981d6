/** Smaller bodies are nothing to a garbage collector. */
const minKeptBytes = 65_536;
/** In all, for the bodies of connections to come. */
const maxKeptBytes = 16 * 2 ** 20;

/**
 * Memory for the bodies of one front door. A body is read, put into an event and never looked at again: a megabyte allocated
 * for each would cost more processor, in the garbage collector, than everything else that the front door does.
 */
export class BodyMemory {
  readonly #own = new WeakSet<ArrayBufferLike>();
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;

  /** Memory of exactly `bytes`, with anything in it. */
  take(bytes: number): Buffer {
    if (bytes < minKeptBytes) return Buffer.allocUnsafe(bytes);
    const at = this.#kept.findIndex(({ length }) => length >= bytes);
    const [kept] = at === -1 ? [] : this.#kept.splice(at, 1);
    if (kept !== undefined) {
      this.#keptBytes -= kept.length;
      return kept.subarray(0, bytes);
    }
    const fresh = Buffer.allocUnsafeSlow(bytes);
    this.#own.add(fresh.buffer);
    return fresh;
  }

  /** Takes a body back, of which nobody keeps a view. Memory that is not its own is left alone: it may be part of Node's pool. */
  give({ buffer }: Buffer): void {
    if (!this.#own.has(buffer) || this.#keptBytes + buffer.byteLength > maxKeptBytes) return;
    this.#keptBytes += buffer.byteLength;
    this.#kept.push(Buffer.from(buffer));
  }
}
