/** One call of a store, for a hook to judge. */
export interface StoreCall<Name extends string> {
  readonly name: Name;
  /** The key, session id or upload id that the call is about. */
  readonly subject: string;
  /** How many calls of this name came before it. */
  readonly index: number;
  readonly signal: AbortSignal | undefined;
}

export type CallHook<Name extends string> = (call: StoreCall<Name>) => Promise<void> | void;

/**
 * The calls of a memory store: counts them, knows how many are under way, and lets a test interfere. `before` that
 * rejects: the call was not carried out. `after` that rejects: it was, and its answer got lost. Either may wait.
 */
export class StoreCalls<Name extends string> {
  readonly counts: Record<Name, number>;
  underWay = 0;
  before: CallHook<Name> | undefined;
  after: CallHook<Name> | undefined;
  readonly #whenAborted: (cause: unknown) => Error;

  constructor(counts: Record<Name, number>, whenAborted: (cause: unknown) => Error) {
    this.counts = counts;
    this.#whenAborted = whenAborted;
  }

  async run<T>(name: Name, subject: string, signal: AbortSignal | undefined, work: () => T): Promise<T> {
    const call = { name, subject, index: this.counts[name]++, signal };
    this.underWay++;
    try {
      await this.before?.(call);
      if (signal?.aborted === true) throw this.#whenAborted(signal.reason);
      const result = work();
      await this.after?.(call);
      return result;
    } finally {
      this.underWay--;
    }
  }

  /** The counts that are not zero. */
  made(): Partial<Record<Name, number>> {
    const made: Partial<Record<Name, number>> = {};
    for (const name in this.counts) if (this.counts[name] > 0) made[name] = this.counts[name];
    return made;
  }

  reset(): void {
    for (const name in this.counts) this.counts[name] = 0;
  }
}
