import { runSchedule } from './schedule.ts';
import type { Tally } from './simulation.ts';

/** Runs the seeds that its parent names, one at a time, and reports each. */
const tally: Tally = new Map();

/** What a worker tells of one schedule. */
export interface WorkerReport {
  readonly seed: number;
  readonly violation: string | undefined;
  readonly steps: number;
  /** Processor time of this worker so far. */
  readonly cpuSeconds: number;
  /** Everything drawn by this worker so far. */
  readonly tally: Readonly<Record<string, number>>;
}

// Ctrl-C, and what `timeout` sends, reach the whole group: the parent decides, and this one ends when it lets go.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

process.on('message', (seed: number) => {
  runSchedule(seed, tally).then(
    ({ violation, steps }) => {
      const { user, system } = process.cpuUsage();
      const cpuSeconds = (user + system) / 1e6;
      const report: WorkerReport = { seed, violation, steps, cpuSeconds, tally: Object.fromEntries(tally) };
      process.send?.(report);
    },
    (error: unknown) => {
      console.error(`seed ${seed}:`, error);
      process.exit(1);
    },
  );
});
