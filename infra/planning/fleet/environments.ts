/** One execution environment of the fragment function. */
export interface ExecutionEnvironment {
  readonly id: number;
  /** Fragments it has stored: what it remembers of sessions is bounded by their number. */
  stored: number;
  /** Bytes it has staged: what it remembers of pieces is bounded by theirs. */
  stagedBytes: number;
  /** Pieces that its next store deletes. */
  garbage: number;
}

/** Which of the idle environments Lambda gives an event to. AWS does not say; both are possible. */
export type Placement = 'any' | 'latest';

/** The environments of one function: one event at a time each, another is made when none is idle. */
export class Environments {
  readonly #idle: ExecutionEnvironment[] = [];
  readonly #place: (idleCount: number) => number;
  count = 0;

  constructor(placement: Placement, index: (below: number) => number) {
    this.#place = placement === 'latest' ? (idle) => idle - 1 : index;
  }

  /** As many idle ones as that, from before. */
  begin(count: number): void {
    while (this.count < count) this.#idle.push(this.#new());
  }

  /** An idle environment, or a new one. */
  take(): { readonly environment: ExecutionEnvironment; readonly isNew: boolean } {
    const last = this.#idle.length - 1;
    if (last === -1) return { environment: this.#new(), isNew: true };
    const chosen = this.#place(last + 1);
    const environment = this.#idle[chosen];
    const moved = this.#idle.pop();
    if (environment === undefined || moved === undefined) throw new RangeError('no such environment');
    if (chosen !== last) this.#idle[chosen] = moved;
    return { environment, isNew: false };
  }

  #new(): ExecutionEnvironment {
    return { id: this.count++, stored: 0, stagedBytes: 0, garbage: 0 };
  }

  giveBack(environment: ExecutionEnvironment): void {
    this.#idle.push(environment);
  }
}
