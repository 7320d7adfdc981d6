import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCommandLine } from '../../infra/command-line.ts';
import { record, type Summary } from './record.ts';
import type { WorkerReport } from './worker.ts';

const usage = `npm run faults -- [--runs N] [--concurrency C] [--from SEED] [--json] [--brief] [--record]
npm run faults -- --seed S       replay one schedule, with its trace

Seeds from 1000000 on (--from 1000000) are of files with a reply application.

Runs N schedules (default 1000) of clients, functions and faults, each drawn from its seed.
Ctrl-C ends a run with the summary of what was done. --record writes the summary into docs/concurrency.md.
Exit code 1 when a promise is broken; then the seed and a minimal trace are printed (not with --brief).`;

const whole = (name: string, text: string | undefined, fallback: number): number => {
  if (text === undefined) return fallback;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RangeError(`--${name} takes a whole number, not ${text}`);
};

// What runs a schedule is loaded by the workers: here only where one is replayed.

/** Hands seeds to worker processes; stops at the first broken promise. */
const runAll = async (
  from: number,
  runs: number,
  workers: number,
  progress: (done: number) => void,
): Promise<Summary> => {
  const startedAtMs = performance.now();
  const failed: { seed: number; violation: string }[] = [];
  const reports = new Map<number, WorkerReport>();
  let next = from;
  let done = 0;
  let steps = 0;
  let isStopped = false;
  // A long run that is stopped tells what it has seen so far.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      isStopped = true;
    });
  await Promise.all(
    Array.from(
      { length: workers },
      (_, index) =>
        new Promise<void>((resolve, reject) => {
          const child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), {
            execArgv: ['--import', 'tsx'],
          });
          const give = () => {
            if (next < from + runs && failed.length === 0 && !isStopped) child.send(next++);
            else child.disconnect();
          };
          child.on('message', (report: WorkerReport) => {
            done++;
            steps += report.steps;
            reports.set(index, report);
            if (report.violation !== undefined)
              failed.push({ seed: report.seed, violation: report.violation });
            progress(done);
            give();
          });
          child.on('exit', (code) =>
            code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`)),
          );
          give();
        }),
    ),
  );
  const tally: Record<string, number> = {};
  let cpuSeconds = 0;
  for (const report of reports.values()) {
    cpuSeconds += report.cpuSeconds;
    for (const [name, count] of Object.entries(report.tally)) tally[name] = (tally[name] ?? 0) + count;
  }
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { from, runs: done, failed, steps, seconds, cpuSeconds, tally };
};

const showProgress = (runs: number) => {
  let shown = 0;
  return (done: number) => {
    const percent = Math.floor((done / runs) * 100);
    if (percent === shown || percent % (process.stderr.isTTY ? 1 : 10) !== 0) return;
    shown = percent;
    process.stderr.write(
      process.stderr.isTTY ? `\r${done} of ${runs} schedules` : `${done} of ${runs} schedules\n`,
    );
    if (process.stderr.isTTY && done === runs) process.stderr.write('\n');
  };
};

const replay = async (seed: number): Promise<boolean> => {
  const { runSchedule } = await import('./schedule.ts');
  const { trace, violation } = await runSchedule(seed);
  console.log(trace.join('\n'));
  console.log(violation === undefined ? `seed ${seed}: every promise held` : `seed ${seed}: ${violation}`);
  return violation === undefined;
};

const main = async (): Promise<boolean> => {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string' },
      concurrency: { type: 'string' },
      from: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      brief: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return true;
  }
  if (values.seed !== undefined) return replay(whole('seed', values.seed, 1));
  const runs = whole('runs', values.runs, 1000);
  const workers = Math.max(1, whole('concurrency', values.concurrency, availableParallelism()));
  const summary = await runAll(whole('from', values.from, 1), runs, workers, showProgress(runs));
  if (values.json) console.log(JSON.stringify(summary));
  else print(summary);
  if (values.record) await record(summary, workers);
  for (const { seed } of values.brief ? [] : summary.failed.slice(0, 1)) {
    const { minimize } = await import('./minimize.ts');
    const { violation, trace } = await minimize(seed);
    console.log(`\nseed ${seed}, with as few faults as break it: ${violation}\n${trace.join('\n')}`);
    console.log(`\nnpm run faults -- --seed ${seed} replays it`);
  }
  return summary.failed.length === 0;
};

const print = ({ runs, failed, steps, seconds, cpuSeconds, tally }: Summary): void => {
  const rate = (runs / seconds).toFixed(1);
  const cpuRate = (runs / cpuSeconds).toFixed(1);
  console.log(
    `${runs} schedules, ${steps} steps, ${seconds.toFixed(0)} s, ${rate} a second, ` +
      `${cpuRate} a second of processor time, ${failed.length} broken`,
  );
  for (const [name, count] of Object.entries(tally).sort(([, a], [, b]) => b - a)) {
    console.log(`${String(count).padStart(8)}  ${name}`);
  }
  for (const { seed, violation } of failed) console.log(`seed ${seed}: ${violation}`);
};

await runCommandLine(usage, async () => ((await main()) ? 0 : 1));
