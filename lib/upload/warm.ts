import type { Session } from '../session/session.ts';
import type { Summed } from './summed.ts';

/** A map that forgets what was used longest ago, by number of entries and by their bytes. */
export class BoundedCache<V> {
  readonly #entries = new Map<string, V>();
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #bytesOf: (value: V) => number;
  #bytes = 0;

  constructor(
    maxEntries: number,
    maxBytes = Number.POSITIVE_INFINITY,
    bytesOf: (value: V) => number = () => 0,
  ) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#bytesOf = bytesOf;
  }

  /** The value, which is now the last to be forgotten. */
  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#bytes += this.#bytesOf(value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= this.#bytesOf(value);
  }
}

/** As much as waits for a part of fragments of 1 MB; others come one by one. */
const maxFreeBytes = 12_000_000;
/** Smaller ones are nothing to a garbage collector, and of many lengths. */
const defaultMinRecycledBytes = 65_536;

/**
 * What one execution environment remembers between invocations of one function. Only ever a shortcut: a remembered
 * session may say yes to a fragment, every other answer is given on a fresh read; a remembered piece saves reading it
 * back, and is remembered only once it has been committed.
 */
export class WarmState {
  readonly sessions = new BoundedCache<Session>(500);
  /** By staging key. */
  readonly pieces: BoundedCache<Summed>;
  #garbage: string[] = [];
  #running = 0;
  /** Memory of whole bodies that nothing refers to any more. */
  #free: Uint8Array[] = [];
  /** Memory that a part was gathered in, empty while it is in use. */
  #spare = new Uint8Array(0);

  readonly #minRecycledBytes: number;

  /** @param minRecycledBytes shorter bodies are left to the garbage collector */
  constructor(maxPieceBytes: number, minRecycledBytes = defaultMinRecycledBytes) {
    this.#minRecycledBytes = minRecycledBytes;
    this.pieces = new BoundedCache(10_000, maxPieceBytes, ({ bytes }) => bytes.byteLength);
  }

  /** Pieces that no session names any more: deleted in parallel with this environment's next store. */
  addGarbage(keys: readonly string[]): void {
    for (const key of keys) {
      const piece = this.pieces.get(key);
      this.pieces.delete(key);
      if (piece !== undefined) this.recycle(piece.bytes);
    }
    this.#garbage.push(...keys);
  }

  /** An invocation, from before it asks for memory until nothing of it runs any more. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
    }
  }

  /**
   * Memory for a body. A megabyte allocated for every fragment costs as much processor, in the garbage collector, as all the
   * rest of its way. Memory that has been used before is given only to an invocation that is alone: one that was given up
   * at its deadline may still look at what it has.
   */
  readonly memory = (lengthBytes: number): Uint8Array => {
    const at = this.#running > 1 ? -1 : this.#free.findIndex(({ byteLength }) => byteLength === lengthBytes);
    return (at === -1 ? undefined : this.#free.splice(at, 1)[0]) ?? Buffer.allocUnsafeSlow(lengthBytes);
  };

  /** Takes back the memory of a body that nothing will read again. Views of other memory are left alone. */
  recycle(bytes: Uint8Array): void {
    const { byteLength } = bytes;
    if (byteLength < this.#minRecycledBytes || byteLength > maxFreeBytes) return;
    if (byteLength !== bytes.buffer.byteLength) return;
    this.#free.push(bytes);
    // Lengths that never come back make room for those that do.
    let freeBytes = this.#free.reduce((sum, { byteLength }) => sum + byteLength, 0);
    while (freeBytes > maxFreeBytes) freeBytes -= this.#free.shift()?.byteLength ?? 0;
  }

  /**
   * Uses the buffers as one, in memory that the next part uses again: eight megabytes allocated for each would keep the
   * garbage collector busier than all the rest. Whoever comes while it is in use gets memory of its own.
   */
  async joined<T>(buffers: readonly Uint8Array[], use: (bytes: Uint8Array) => Promise<T>): Promise<T> {
    const length = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const memory = this.#spare.byteLength < length ? new Uint8Array(length) : this.#spare;
    this.#spare = new Uint8Array(0);
    let at = 0;
    for (const buffer of buffers) {
      memory.set(buffer, at);
      at += buffer.byteLength;
    }
    try {
      return await use(memory.subarray(0, length));
    } finally {
      this.#spare = memory;
    }
  }

  takeGarbage(): readonly string[] {
    const taken = this.#garbage;
    this.#garbage = [];
    return taken;
  }
}
