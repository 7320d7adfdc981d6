import type { Writable } from 'node:stream';
import { Presets, SingleBar } from 'cli-progress';
import type { ClientEvent } from '../bits-client/index.ts';

const WINDOW_MS = 10_000;

/** How fast an upload moves: bytes per second over the last ten seconds. */
export class RateMeter {
  readonly #samples: { readonly timeMs: number; readonly offsetBytes: number }[] = [];

  /** Adds a reading. An offset that went back starts over: what was lost must not count as negative speed. */
  add(timeMs: number, offsetBytes: number): void {
    const latest = this.#samples.at(-1);
    if (latest !== undefined && offsetBytes < latest.offsetBytes) this.#samples.length = 0;
    this.#samples.push({ timeMs, offsetBytes });
    while (this.#samples.length > 2 && timeMs - (this.#samples[0]?.timeMs ?? timeMs) > WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** Undefined until two readings lie apart in time. */
  get bytesPerSecond(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.timeMs === first.timeMs) return undefined;
    return ((last.offsetBytes - first.offsetBytes) * 1000) / (last.timeMs - first.timeMs);
  }
}

/** `26 B`, `1.5 MB`: powers of 1,000, three digits at most. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}

/** `45 s`, `3 min 20 s`, `2 h 05 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const pad = (value: number) => String(value).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** Shows an upload on a terminal: a bar with rate and remaining time; on anything else only the interruptions. */
export class ProgressDisplay {
  #offsetBytes = 0;
  #lastReason: string | undefined;
  readonly #bar: SingleBar;
  readonly #meter = new RateMeter();
  readonly #isTerminal: boolean;
  readonly #stream: Writable;
  readonly #totalBytes: number;
  readonly #nowMs: () => number;

  constructor(
    stream: Writable & { readonly isTTY?: boolean },
    totalBytes: number,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#stream = stream;
    this.#isTerminal = stream.isTTY === true;
    this.#totalBytes = totalBytes;
    this.#nowMs = nowMs;
    this.#bar = new SingleBar(
      {
        stream,
        format: '{bar} {percentage}% | {sent} of {size} | {rate} | {remaining}',
        hideCursor: true,
        clearOnComplete: true,
        // Interruptions are shown as they happen, not when the bar is drawn next.
        fps: 10,
      },
      Presets.shades_classic,
    );
  }

  start(): void {
    this.#meter.add(this.#nowMs(), 0);
    if (this.#isTerminal) this.#bar.start(this.#totalBytes, 0, this.#payload('connecting'));
  }

  onEvent(event: ClientEvent): void {
    if (event.kind === 'progress') {
      this.#lastReason = undefined;
      this.#offsetBytes = event.offsetBytes;
      this.#meter.add(this.#nowMs(), event.offsetBytes);
      if (this.#isTerminal) this.#bar.update(event.offsetBytes, this.#payload(this.#remaining()));
    } else if (event.kind === 'retry') {
      this.#interrupt(event.reason, event.delayMs);
    }
  }

  stop(): void {
    if (this.#isTerminal) this.#bar.stop();
  }

  #interrupt(reason: string, delayMs: number): void {
    const text = `interrupted (${reason}), trying again every ${formatDuration(delayMs)}`;
    if (this.#isTerminal) this.#bar.update(this.#offsetBytes, this.#payload(text));
    // A log does not need the same line once a second.
    else if (reason !== this.#lastReason)
      this.#stream.write(`${formatBytes(this.#offsetBytes)} sent; ${text}\n`);
    this.#lastReason = reason;
  }

  #remaining(): string {
    const rate = this.#meter.bytesPerSecond;
    if (rate === undefined || rate <= 0) return 'remaining time unknown';
    return `${formatDuration(((this.#totalBytes - this.#offsetBytes) * 1000) / rate)} left`;
  }

  #payload(remaining: string) {
    const rate = this.#meter.bytesPerSecond;
    return {
      sent: formatBytes(this.#offsetBytes),
      size: formatBytes(this.#totalBytes),
      rate: rate === undefined ? '-' : `${formatBytes(rate)}/s`,
      remaining,
    };
  }
}
