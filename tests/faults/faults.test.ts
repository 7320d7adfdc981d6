import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { z } from 'zod';

const project = fileURLToPath(new URL('../../', import.meta.url));
/** More of them run in CI. */
const schedules = 1_000;

const summarySchema = z.object({
  runs: z.number(),
  failed: z.array(z.object({ seed: z.number(), violation: z.string() })),
  tally: z.record(z.string(), z.number()),
});

/** `npm run faults` in a process of its own: its clock is virtual, and that of the test runner must not be. */
const faults = async (...args: readonly string[]): Promise<string> => {
  const command = ['--import', 'tsx', 'tests/faults/main.ts', ...args];
  try {
    return (await promisify(execFile)(process.execPath, command, { cwd: project, maxBuffer: 2 ** 26 }))
      .stdout;
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) throw new Error(`${error.stdout}`, { cause: error });
    throw error;
  }
};

it(`${schedules} schedules of faults and races keep every promise`, { timeout: 900_000 }, async () => {
  const { runs, failed, tally } = summarySchema.parse(
    JSON.parse((await faults('--runs', `${schedules}`, '--json')).split('\n')[0] ?? ''),
  );
  expect(failed).toEqual([]);
  expect(runs).toBe(schedules);
  // A run in which nothing went wrong would prove nothing.
  for (const kind of [
    'failBefore',
    'loseAnswer',
    'hang',
    'throttle',
    'kill',
    'zombie',
    'loseAck',
    'told success',
    'met: Fragment wrote amid Fragment',
    'met: Fragment lost to Fragment',
    'met: Close-Session wrote amid Close-Session',
    'met: a late Fragment wrote',
  ]) {
    expect(tally[kind], kind).toBeGreaterThan(10);
  }
});

it('24 schedules with a reply application behind them, which fails as well', {
  timeout: 300_000,
}, async () => {
  const { runs, failed, tally } = summarySchema.parse(
    JSON.parse((await faults('--from', '1000000', '--runs', '24', '--json')).split('\n')[0] ?? ''),
  );
  expect(failed).toEqual([]);
  expect(runs).toBe(24);
  for (const fate of ['dies', 'is cut off', 'is slow', 'is busy', 'answers']) {
    expect(tally[`application ${fate}`], fate).toBeGreaterThan(1);
  }
});

it('a seed replays exactly', { timeout: 120_000 }, async () => {
  const first = await faults('--seed', '173');
  expect(first).toMatch(/every promise held/);
  expect(await faults('--seed', '173')).toBe(first);
});
