import { parseArgs } from 'node:util';
import { type ContenderName, contenders, isContenderName } from './contenders/list.ts';
import { maxFragmentBytes } from './grid.ts';
import { fullPlans, quickPlans } from './plans.ts';
import type { CellPlan } from './run-cell.ts';

export interface BenchCommand {
  readonly plans: readonly CellPlan[];
  /** Whether the plans are those that the targets are judged by. */
  readonly isJudged: boolean;
  readonly asJson: boolean;
  readonly writesPage: boolean;
}

export const usage = `npm run bench -- [--quick | --full] [--json] [--write]
npm run bench -- --fragment BYTES --file-mib N [--clients N] [--latency] [--contender NAME]… [--repetitions N] [--json]

--quick   what the project's targets need, about ten minutes on two cores (the default)
--full    every cell of the grid as well: many hours, and twice the disk of its largest cell (64 GiB)
--json    results for machines, on standard output
--write   results into docs/performance.md
Contenders: ${Object.keys(contenders).join(' ')}.
Exit code 1 when a target is missed, 2 for a mistake in the command.`;

/** @throws RangeError or TypeError for a mistake of the caller's */
export const readArguments = (args: readonly string[]): BenchCommand | 'help' => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      latency: { type: 'boolean', default: false },
      fragment: { type: 'string' },
      'file-mib': { type: 'string' },
      clients: { type: 'string' },
      contender: { type: 'string', multiple: true },
      repetitions: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const isOwnCell = values.fragment !== undefined || values['file-mib'] !== undefined;
  const ownOnly = [values.clients, values.contender, values.repetitions, values.latency || undefined];
  if (!isOwnCell) {
    if (ownOnly.some((value) => value !== undefined))
      throw new RangeError(
        '--clients, --latency, --contender and --repetitions go with --fragment and --file-mib',
      );
    if (values.full && values.quick) throw new RangeError('--quick or --full, not both');
    return {
      plans: values.full ? fullPlans() : quickPlans,
      isJudged: true,
      asJson: values.json,
      writesPage: values.write,
    };
  }
  if (values.quick || values.full || values.write)
    throw new RangeError('a cell of your own goes with neither --quick, --full nor --write');
  const cell = {
    fragmentBytes: whole('fragment', values.fragment, 1_000_000, maxFragmentBytes),
    fileBytes: whole('file-mib', values['file-mib'], 64, 80 * 1024) * 2 ** 20,
    clients: whole('clients', values.clients, 1, 64),
    isLatencySimulated: values.latency,
  };
  const repetitions = whole('repetitions', values.repetitions, 3, 100);
  const plan: CellPlan = { cell, contenders: names(values.contender), repetitions };
  return { plans: [plan], isJudged: false, asJson: values.json, writesPage: false };
};

const names = (given: readonly string[] | undefined): readonly ContenderName[] =>
  (given ?? Object.keys(contenders)).map((name) => {
    if (isContenderName(name)) return name;
    throw new RangeError(`--contender takes one of ${Object.keys(contenders).join(', ')}; not ${name}`);
  });

const whole = (name: string, text: string | undefined, fallback: number, most: number): number => {
  if (text === undefined) return fallback;
  if (/^\d{1,9}$/.test(text) && Number(text) >= 1 && Number(text) <= most) return Number(text);
  throw new RangeError(`--${name} takes a whole number from 1 to ${most}, not ${text}`);
};
