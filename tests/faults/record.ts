import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { meeting } from './interleavings.ts';

/** What a run did, and how often everything was drawn in it. */
export interface Summary {
  readonly from: number;
  readonly runs: number;
  readonly failed: readonly { readonly seed: number; readonly violation: string }[];
  readonly steps: number;
  readonly seconds: number;
  /** Processor time of all workers. */
  readonly cpuSeconds: number;
  readonly tally: Readonly<Record<string, number>>;
}

const page = fileURLToPath(new URL('../../docs/concurrency.md', import.meta.url));
const begin = '<!-- npm run faults -- --record: begin -->';
const end = '<!-- npm run faults -- --record: end -->';

/** Writes the summary of a run into docs/concurrency.md, in the place of the last one. */
export const record = async (summary: Summary, workers: number): Promise<void> => {
  const text = await readFile(page, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new RangeError(`${page} has no place for a summary`);
  await writeFile(page, `${before}${begin}\n${describe(summary, workers)}${end}${after}`);
};

const describe = (summary: Summary, workers: number): string => {
  const { from, runs, failed, steps, seconds, cpuSeconds, tally } = summary;
  const day = new Date().toISOString().slice(0, 10);
  const node = process.version.slice(1);
  const rate = (runs / seconds).toFixed(1);
  const cpuRate = (runs / cpuSeconds).toFixed(1);
  const rows = Object.entries(tally).sort(([, a], [, b]) => b - a);
  return [
    `${day}, Node ${node}, ${workers} process${workers === 1 ? '' : 'es'}: ${number(runs)} schedules (seeds ${number(from)} to ${number(from + runs - 1)}), ` +
      `${number(steps)} steps, ${rate} schedules a second, ${cpuRate} a second of processor time, ` +
      `${failed.length === 0 ? 'no promise broken' : `${failed.length} broken`}.`,
    '',
    '| fault drawn, outcome or alarm | times |',
    '|---|---:|',
    ...rows.filter(([name]) => !name.startsWith(meeting)).map(row),
    '',
    'Who met whom at one session: writes of its item in the middle of another invocation, writes that lost to it, writes that came',
    'after their function had died or given up.',
    '',
    '| interleaving | times |',
    '|---|---:|',
    ...rows
      .filter(([name]) => name.startsWith(meeting))
      .map(([name, count]) => row([name.slice(meeting.length), count])),
    '',
  ].join('\n');
};

const row = ([name, count]: readonly [string, number]): string => `| ${name} | ${number(count)} |`;

const number = (value: number): string => value.toLocaleString('en-US');
