import { parseArgs } from 'node:util';
import { runCommandLine } from '../command-line.ts';
import { type Bill, billOf, idlePerMonth } from './bill.ts';
import { type Counts, times, type UploadShape } from './counts.ts';
import { designs } from './designs.ts';
import { prices } from './prices.ts';
import { table } from './table.ts';
import { timing } from './timing.ts';

const usage = `npm run cost -- [--gib N] [--fragment BYTES] [--file-mib N] [--json]

What so many GiB (default 1024) cost in fragments of one length (default 1000000, what a load balancer lets through) and files
of one size (default 1024 MiB), by service, for this design and for others. US dollars, ${prices.region}, as of ${prices.asOf}.`;

const gibibyte = 2 ** 30;

const amount = (name: string, text: string | undefined, fallback: number): number => {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d{1,9}(\.\d{1,6})?$/.test(text) && value > 0) return value;
  throw new RangeError(`--${name} takes a number above 0, not ${text}`);
};

interface Line {
  readonly design: string;
  /** For the whole amount. */
  readonly counts: Counts;
  readonly bill: Bill;
  readonly perGib: number;
  readonly perTib: number;
}

const lineOf = (design: (typeof designs)[number], shape: UploadShape, gib: number): Line => {
  const counts = times(design.countsOf(shape), (gib * gibibyte) / shape.fileBytes);
  const bill = billOf(counts);
  return {
    design: design.title,
    counts,
    bill,
    perGib: bill.total / gib,
    perTib: (bill.total / gib) * 1_024,
  };
};

const dollars = (value: number): string => (value === 0 ? '-' : value.toFixed(value < 0.1 ? 4 : 2));

const print = (lines: readonly Line[], gib: number, shape: UploadShape): void => {
  const files = `files of ${(shape.fileBytes / 2 ** 20).toLocaleString('en-US')} MiB`;
  console.log(
    `${gib.toLocaleString('en-US')} GiB in fragments of ${shape.fragmentBytes.toLocaleString('en-US')} bytes, ${files}. US dollars, ${prices.region}, as of ${prices.asOf}.\n`,
  );
  const head = [
    '',
    '$/GiB',
    '$/TiB',
    'total',
    'S3',
    'Express',
    'DynamoDB',
    'Lambda',
    'ALB',
    'PUT/GiB',
    'GET/GiB',
  ];
  const rows = lines.map(({ design, counts, bill, perGib, perTib }) => [
    design,
    perGib.toFixed(4),
    perTib.toFixed(2),
    ...[bill.total, bill.s3, bill.s3Express, bill.dynamodb, bill.lambda, bill.loadBalancer].map(dollars),
    Math.round(counts.s3Writes / gib).toLocaleString('en-US'),
    Math.round(counts.s3Reads / gib).toLocaleString('en-US'),
  ]);
  console.log(table(head, rows));
  console.log(`
Besides: $${idlePerMonth().toFixed(0)} a month for a load balancer that nobody uses; storage of what is kept; a KMS
key's calls; events, $5 for a million files (docs/events.md). Reads and writes of users' and tickets' documents are not in it.
Lambda's line assumes ${timing.s3CallMs} ms for a call of S3 and ${timing.dynamodbCallMs} ms for one of DynamoDB, ${timing.cpuMsPerMebibyte} ms of one processor per MiB, and ${timing.memoryMegabytes} MB.`);
};

const main = (): void => {
  const { values } = parseArgs({
    options: {
      gib: { type: 'string' },
      fragment: { type: 'string' },
      'file-mib': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const gib = amount('gib', values.gib, 1_024);
  const shape = {
    fileBytes: Math.ceil(amount('file-mib', values['file-mib'], Math.min(1_024, gib * 1_024)) * 2 ** 20),
    fragmentBytes: Math.ceil(amount('fragment', values.fragment, 1_000_000)),
  };
  if (shape.fileBytes / shape.fragmentBytes > 5_000_000)
    throw new RangeError('more than five million fragments in a file: longer fragments, or smaller files');
  const lines = designs.map((design) => lineOf(design, shape, gib));
  if (values.json)
    console.log(JSON.stringify({ prices, timing, gib, ...shape, idlePerMonth: idlePerMonth(), lines }));
  else print(lines, gib, shape);
};

await runCommandLine(usage, main);
