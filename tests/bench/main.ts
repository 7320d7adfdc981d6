import { availableParallelism } from 'node:os';
import { runCommandLine } from '../../infra/command-line.ts';
import { writeIntoPage } from '../../infra/planning/page.ts';
import { bytesText } from '../../infra/planning/table.ts';
import { type BenchCommand, readArguments, usage } from './arguments.ts';
import { type CountedFile, measureConstantCost } from './constant-cost.ts';
import { type ContenderName, entryOf } from './contenders/list.ts';
import { installPackages, type PublishedPackages } from './contenders/packages.ts';
import { Payload } from './contenders/payload.ts';
import { maxFragmentBytes } from './grid.ts';
import { describeMachine } from './machine.ts';
import type { CellResult } from './measurement.ts';
import { type BenchReport, judgementsText, reportText } from './report.ts';
import { type CellPlan, runCell } from './run-cell.ts';
import { startServices } from './services.ts';
import { judge } from './targets.ts';

/** One line of progress, over the last one where there is a terminal. */
const showStep = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  else process.stderr.write(`${text}\n`);
};

/** Who cannot be fetched, and why. */
const fetchContenders = async (plans: readonly CellPlan[]): Promise<ReadonlyMap<ContenderName, string>> => {
  const reasons = new Map<PublishedPackages, string | undefined>();
  const absent = new Map<ContenderName, string>();
  for (const name of new Set(plans.flatMap((plan) => plan.contenders))) {
    const { packages, title } = entryOf(name);
    if (packages === undefined) continue;
    showStep(`looking for ${title}`);
    if (!reasons.has(packages)) reasons.set(packages, await installPackages(packages));
    const reason = reasons.get(packages);
    if (reason !== undefined) absent.set(name, reason);
  }
  return absent;
};

const runPlans = async (plans: readonly CellPlan[], payload: Payload): Promise<readonly CellResult[]> => {
  const absent = await fetchContenders(plans);
  const services = await startServices();
  const results: CellResult[] = [];
  try {
    for (const [index, { cell, contenders, repetitions }] of plans.entries()) {
      const present = contenders.filter((name) => !absent.has(name));
      const clients = cell.clients === 1 ? '' : ` × ${cell.clients} clients`;
      const slow = cell.isLatencySimulated ? ', slow services' : '';
      const title = `${index + 1}/${plans.length} ${bytesText(cell.fragmentBytes)} × ${bytesText(cell.fileBytes)}${clients}${slow}`;
      const onStep = (step: string) => showStep(`${title}: ${step}`);
      results.push(...(await runCell({ cell, contenders: present, repetitions }, services, payload, onStep)));
      for (const name of contenders) {
        const failure = absent.get(name);
        if (failure !== undefined) results.push({ contender: name, cell, failure });
      }
    }
  } finally {
    await services.stop();
  }
  return results;
};

const bench = async ({ plans, isJudged, asJson, writesPage }: BenchCommand): Promise<boolean> => {
  if (availableParallelism() < 2) showStep('one core: every time is that of all processes together');
  const payload = new Payload(maxFragmentBytes);
  const results = await runPlans(plans, payload);
  const constantCost: readonly CountedFile[] = isJudged ? await measureConstantCost(payload, showStep) : [];
  const judgements = isJudged ? judge(results, constantCost) : [];
  const report: BenchReport = { machine: await describeMachine(), results, constantCost, judgements };
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (asJson) console.log(JSON.stringify(report));
  else console.log(reportText(report));
  if (writesPage) {
    await writeIntoPage('performance.md', 'npm run bench -- --write', reportText(report));
    process.stderr.write('docs/performance.md is written\n');
  }
  const missed = judgements.filter(({ holds }) => !holds);
  if (missed.length > 0) process.stderr.write(`\nmissed:\n${judgementsText(missed)}\n`);
  return missed.length === 0;
};

await runCommandLine(usage, async () => {
  const command = readArguments(process.argv.slice(2));
  if (command === 'help') return console.log(usage);
  return (await bench(command)) ? 0 : 1;
});
