import type { Chance } from './chance.ts';

/** What a fleet uploads. */
export interface Workload {
  readonly clients: number;
  /** Files of each client, all of them begun within the window. */
  readonly filesPerClient: number;
  readonly windowMinutes: number;
  readonly meanFileBytes: number;
  readonly fragmentBytes: number;
  /** Mean of what a client sends, in bits a second. */
  readonly uplinkBitsPerSecond: number;
}

/** One client with one file. */
export interface Job {
  readonly startsAtMs: number;
  readonly fileBytes: number;
  readonly bytesPerMs: number;
}

/** To the load balancer and back, and what the client takes for the next fragment. */
export const roundTripMs = 60;

/** Sizes differ by orders of magnitude in most fleets, lines by less. */
const fileSpread = 1;
const uplinkSpread = 0.5;

/** The jobs of a window that ends at `endMs`, begun evenly over it. */
export function* jobsOf(workload: Workload, endMs: number, chance: Chance): Generator<Job> {
  const windowMs = workload.windowMinutes * 60_000;
  const jobs = Math.round(workload.clients * workload.filesPerClient);
  for (let index = 0; index < jobs; index++) {
    yield {
      startsAtMs: endMs - chance.next() * windowMs,
      fileBytes: Math.max(1, Math.round(chance.around(workload.meanFileBytes, fileSpread))),
      bytesPerMs: chance.around(workload.uplinkBitsPerSecond / 8_000, uplinkSpread),
    };
  }
}
