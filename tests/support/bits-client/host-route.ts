import type { Clock } from './options.ts';
import type { TransportError } from './transport.ts';

/**
 * Which host the packets of a session go to. A server farm without shared state names the host that owns a session in
 * BITS-Host-Id; the client returns to the original one when that host stays silent for the fallback time.
 */
export class HostRoute {
  #current: URL;
  #fallbackMs: number | undefined;
  #silentSinceMs: number | undefined;
  readonly #original: URL;
  readonly #clock: Clock;

  constructor(original: URL, clock: Clock) {
    this.#original = original;
    this.#current = original;
    this.#clock = clock;
  }

  get origin(): URL {
    return this.#current;
  }

  /** Value of the Host header. */
  get host(): string {
    return this.#current.host;
  }

  /** Switches to the host that the Create Ack named, `host` or `host:port`; scheme and path stay. */
  moveTo(hostId: string, fallbackSeconds: number | undefined): void {
    this.#current = new URL(`${this.#original.protocol}//${hostId}/`);
    this.#fallbackMs = fallbackSeconds === undefined ? undefined : fallbackSeconds * 1000;
    this.#silentSinceMs = undefined;
  }

  /** A new session is asked for at the original host. */
  reset(): void {
    this.#current = this.#original;
    this.#fallbackMs = undefined;
    this.#silentSinceMs = undefined;
  }

  /** Any answer stops the fallback timer. */
  onAnswer(): void {
    this.#silentSinceMs = undefined;
  }

  /** The timer starts with the first failed connect; says whether the host has just changed back. */
  onFailure(error: TransportError): boolean {
    if (this.#current === this.#original || this.#fallbackMs === undefined) return false;
    if (error.code === 'CONNECT') this.#silentSinceMs ??= this.#clock.nowMs();
    const isOver =
      this.#silentSinceMs !== undefined && this.#clock.nowMs() - this.#silentSinceMs >= this.#fallbackMs;
    if (isOver) this.reset();
    return isOver;
  }
}
