/** What is metered by the second. */
export const meteredRates = [
  'invocations',
  'stagingWrites',
  'stagingReads',
  'destinationWrites',
  'writeUnits',
  'readUnits',
  'indexWriteUnits',
  'receivedBytes',
] as const;

export type MeteredRate = (typeof meteredRates)[number];
export type Rates = Readonly<Record<MeteredRate, number>>;

const zeros = (): Record<MeteredRate, number> => ({
  invocations: 0,
  stagingWrites: 0,
  stagingReads: 0,
  destinationWrites: 0,
  writeUnits: 0,
  readUnits: 0,
  indexWriteUnits: 0,
  receivedBytes: 0,
});

/** Counts by the second from a moment on, and how many invocations run at once. */
export class Meter {
  readonly #fromMs: number;
  readonly #seconds: Record<MeteredRate, number>[];
  #running = 0;
  peakRunning = 0;

  constructor(fromMs: number, seconds: number) {
    this.#fromMs = fromMs;
    this.#seconds = Array.from({ length: seconds }, zeros);
  }

  begin(atMs: number): void {
    this.#running++;
    if (atMs >= this.#fromMs) this.peakRunning = Math.max(this.peakRunning, this.#running);
  }

  end(): void {
    this.#running--;
  }

  add(atMs: number, counts: Partial<Rates>): void {
    const second = this.#seconds[Math.floor((atMs - this.#fromMs) / 1_000)];
    if (second === undefined || atMs < this.#fromMs) return;
    for (const name of meteredRates) second[name] += counts[name] ?? 0;
  }

  /** The busiest second of each. */
  peaks(): Rates {
    const peaks = zeros();
    for (const second of this.#seconds)
      for (const name of meteredRates) peaks[name] = Math.max(peaks[name], second[name]);
    return peaks;
  }
}
