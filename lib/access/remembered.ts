import { createHmac, randomBytes } from 'node:crypto';

/**
 * What one execution environment has found out about secrets, without keeping them: entries are filed under a hash with
 * a key that this process drew and nobody else knows. Bounded (the oldest entry goes first), and every entry expires.
 */
export class Remembered<T> {
  readonly #hashKey = randomBytes(32);
  readonly #entries = new Map<string, { readonly value: T; readonly untilMs: number }>();
  readonly #maxEntries: number;
  readonly #maxAgeMs: number;
  readonly #nowMs: () => number;

  constructor(maxEntries: number, maxAgeMs: number, nowMs: () => number) {
    this.#maxEntries = maxEntries;
    this.#maxAgeMs = maxAgeMs;
    this.#nowMs = nowMs;
  }

  get(secret: string): T | undefined {
    const entry = this.#entries.get(this.#fileOf(secret));
    return entry !== undefined && this.#nowMs() < entry.untilMs ? entry.value : undefined;
  }

  set(secret: string, value: T): void {
    const file = this.#fileOf(secret);
    this.#entries.delete(file);
    this.#entries.set(file, { value, untilMs: this.#nowMs() + this.#maxAgeMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries) break;
      this.#entries.delete(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
  }

  #fileOf(secret: string): string {
    return createHmac('sha256', this.#hashKey).update(secret, 'utf8').digest('base64');
  }
}
