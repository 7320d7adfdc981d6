import { parseArgs } from 'node:util';
import { runCommandLine } from '../../command-line.ts';
import { writeIntoPage } from '../page.ts';
import { limitUses } from './limits.ts';
import { costOf, reportText, scenariosText } from './report.ts';
import { type SimulationOptions, simulateFleet } from './simulate.ts';

const usage = `npm run simulate -- [--clients N] [--files N] [--window MINUTES] [--file-mib N] [--uplink-mbit N] [--fragment BYTES]
                    [--placement any|latest] [--seconds N] [--seed N] [--json]

A fleet of clients (default 10000), each with so many files a day (1) of a mean size (64 MiB), all begun within a window (60
minutes) over lines of a mean speed (10 Mbit/s), as it is at the window's end: what it asks of Lambda, S3 and DynamoDB, which
limit it meets first, what moves that, and what the day costs. --seconds (10): how long it is watched.
--placement: whether Lambda gives an event to any idle environment (the default) or to the one used last.
npm run simulate -- --write   the scenarios of docs/scaling.md, into that page`;

const amount = (name: string, text: string | undefined, fallback: number, most: number): number => {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d{1,9}(\.\d{1,6})?$/.test(text) && value > 0 && value <= most) return value;
  throw new RangeError(`--${name} takes a number above 0, at most ${most}; not ${text}`);
};

const placementOf = (text: string | undefined): SimulationOptions['placement'] => {
  if (text === undefined || text === 'any') return 'any';
  if (text === 'latest') return text;
  throw new RangeError(`--placement takes any or latest, not ${text}`);
};

const readOptions = () => {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string' },
      files: { type: 'string' },
      window: { type: 'string' },
      'file-mib': { type: 'string' },
      'uplink-mbit': { type: 'string' },
      fragment: { type: 'string' },
      placement: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const options: SimulationOptions = {
    workload: {
      clients: Math.ceil(amount('clients', values.clients, 10_000, 10_000_000)),
      filesPerClient: amount('files', values.files, 1, 1_000),
      windowMinutes: amount('window', values.window, 60, 1_440),
      meanFileBytes: amount('file-mib', values['file-mib'], 64, 80 * 1_024) * 2 ** 20,
      uplinkBitsPerSecond: amount('uplink-mbit', values['uplink-mbit'], 10, 100_000) * 1e6,
      fragmentBytes: Math.ceil(amount('fragment', values.fragment, 1_000_000, 16_000_000)),
    },
    seconds: Math.ceil(amount('seconds', values.seconds, 10, 3_600)),
    seed: Math.ceil(amount('seed', values.seed, 1, 999_999_999)),
    placement: placementOf(values.placement),
  };
  return { options, asJson: values.json, writesPage: values.write, wantsHelp: values.help };
};

/** docs/scaling.md's scenarios, watched for as long as all of them bear. */
const writePage = async (): Promise<void> => {
  await writeIntoPage(
    'scaling.md',
    'npm run simulate -- --write',
    scenariosText((options) => {
      process.stderr.write(
        `${options.workload.clients} clients within ${options.workload.windowMinutes} minutes\n`,
      );
      return simulateFleet(options);
    }),
  );
  process.stderr.write('docs/scaling.md is written\n');
};

await runCommandLine(usage, async () => {
  const { options, asJson, writesPage, wantsHelp } = readOptions();
  if (wantsHelp) return console.log(usage);
  if (writesPage) return writePage();
  const report = simulateFleet(options);
  if (!asJson) return console.log(reportText(report, options));
  console.log(
    JSON.stringify({ ...options, report, limits: limitUses(report), cost: costOf(report, options) }),
  );
});
