import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { prices } from '../../infra/planning/prices.ts';
import { startChild } from './processes/child.ts';
import type { ContenderMethods } from './processes/contender-child.ts';
import { startServices } from './services.ts';

/**
 * `npm run bench:memory`: what a fragment takes with the share of a processor that Lambda gives for an amount of memory, and what
 * that costs. The fragment function runs in a process that Linux lets have no more than that share (a quota of a control group,
 * over 20 ms; needs root), with the latencies of S3 and DynamoDB simulated. Prints a table in Markdown.
 */
const sizesMegabytes = [256, 512, 768, 1024, 1769];
/** Memory that comes with a whole processor [Lambda Developer Guide, "Configure Lambda function memory"]. */
const megabytesPerProcessor = 1769;
const fragmentBytes = 1_000_000;
const fileBytes = 32 * 2 ** 20;
const group = '/sys/fs/cgroup/cpu/bits-s3-bench';
const periodMicroseconds = 20_000;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const limitTo = (share: number): Promise<void> =>
  writeFile(`${group}/cpu.cfs_quota_us`, `${Math.round(share * periodMicroseconds)}`);

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const services = await startServices();
const child = startChild<ContenderMethods>(new URL('./processes/contender-child.ts', import.meta.url));
try {
  await mkdir(group, { recursive: true });
  await writeFile(`${group}/cpu.cfs_period_us`, `${periodMicroseconds}`);
  await child.ask('start', { name: 'ours-calls', places: services.places });
  const upload = (name: string) => child.ask('run', { name, clients: 1, fileBytes, fragmentBytes });
  await upload('warm-up');
  await services.simulateLatency(true);
  await limitTo(1);
  await writeFile(`${group}/cgroup.procs`, `${child.pid}`);
  console.log(row(['memory', 'processor', 'a fragment, median', 'MiB/s of a client', 'Lambda, $ per GiB']));
  console.log(row(['---:', '---:', '---:', '---:', '---:']));
  for (const megabytes of sizesMegabytes) {
    const share = Math.min(1, megabytes / megabytesPerProcessor);
    await limitTo(share);
    const times: number[] = [];
    for (let run = 0; run < 3; run++) times.push(...(await upload(`${megabytes}-${run}`)));
    await services.empty();
    const ms = median(times);
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    const perFragment =
      (megabytes / 1024) * (mean / 1000) * prices.lambda.perGigabyteSecond +
      prices.lambda.perMillionInvocations / 1e6;
    console.log(
      row([
        `${megabytes} MB`,
        share.toFixed(2),
        `${ms.toFixed(0)} ms`,
        (fragmentBytes / 2 ** 20 / (mean / 1000)).toFixed(1),
        ((perFragment * 2 ** 30) / fragmentBytes).toFixed(5),
      ]),
    );
  }
} finally {
  await child.stop();
  await services.stop();
  await rmdir(group);
}
