import type { SimulationOptions } from './simulate.ts';
import type { Workload } from './workload.ts';

/** A fleet that uploads a file of 64 MiB from every client a day, over lines of 10 Mbit/s, through an unchanged deployment. */
export const usualWorkload: Workload = {
  clients: 10_000,
  filesPerClient: 1,
  windowMinutes: 60,
  meanFileBytes: 64 * 2 ** 20,
  fragmentBytes: 1_000_000,
  uplinkBitsPerSecond: 10e6,
};

export interface Scenario {
  readonly title: string;
  readonly options: SimulationOptions;
}

const scenario = (title: string, workload: Partial<Workload>): Scenario => ({
  title,
  options: { workload: { ...usualWorkload, ...workload }, seconds: 10, seed: 1, placement: 'any' },
});

/** By size: over a working day, and all at once in the evening. */
export const sizes: readonly Scenario[] = [1_000, 100_000, 1_000_000].flatMap((clients) => [
  scenario(`${clients.toLocaleString('en-US')}, within 8 hours`, { clients, windowMinutes: 480 }),
  scenario(`${clients.toLocaleString('en-US')}, within an hour`, { clients, windowMinutes: 60 }),
]);

/** 100,000 clients within an hour, and one thing changed. */
export const variations: readonly Scenario[] = [
  scenario('as above', { clients: 100_000 }),
  scenario('within ten minutes', { clients: 100_000, windowMinutes: 10 }),
  scenario('lines of 100 Mbit/s', { clients: 100_000, uplinkBitsPerSecond: 100e6 }),
  scenario('64 files of 1 MiB each', { clients: 100_000, filesPerClient: 64, meanFileBytes: 2 ** 20 }),
  scenario('fragments of 256 KiB', { clients: 100_000, fragmentBytes: 256 * 1024 }),
  scenario('fragments of 5 MiB (no ALB)', { clients: 100_000, fragmentBytes: 5 * 2 ** 20 }),
];
