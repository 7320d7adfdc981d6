/** Smaller bodies are nothing to a garbage collector. */
const minKeptBytes = 65_536;
/** In all, for the bodies of connections to come. */
const maxKeptBytes = 16 * 2 ** 20;

/**
 * Memory for the bodies of one front door. A body is read, put into an event and never looked at again: a megabyte allocated
 * for each would cost more processor, in the garbage collector, than everything else that the front door does.
 */
export class BodyMemory {
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;

  /** Memory of exactly `bytes`, with anything in it. */
  take(bytes: number): Buffer {
    const at = this.#kept.findIndex(({ length }) => length >= bytes);
    const [kept] = bytes < minKeptBytes || at === -1 ? [] : this.#kept.splice(at, 1);
    if (kept === undefined) return Buffer.allocUnsafe(bytes);
    this.#keptBytes -= kept.length;
    return kept.subarray(0, bytes);
  }

  /** Takes a body back, of which nobody keeps a view. What did not come from `take` is welcome as well. */
  give(body: Buffer): void {
    const { buffer, byteOffset } = body;
    // A slice of Node's pool belongs to others.
    if (byteOffset !== 0 || buffer.byteLength < minKeptBytes) return;
    if (this.#keptBytes + buffer.byteLength > maxKeptBytes) return;
    this.#keptBytes += buffer.byteLength;
    this.#kept.push(Buffer.from(buffer));
  }
}
