import { billOf } from '../../infra/planning/bill.ts';
import { designs } from '../../infra/planning/designs.ts';
import { prices } from '../../infra/planning/prices.ts';
import { bytesText, figure, table } from '../../infra/planning/table.ts';
import { type CountedFile, perGib } from './constant-cost.ts';
import { absentContenders, contenders } from './contenders/list.ts';
import type { Cell } from './grid.ts';
import type { Machine } from './machine.ts';
import { type CellResult, isSummary, type Summary } from './measurement.ts';
import { cellsEqual } from './plans.ts';
import type { Judgement } from './targets.ts';

/** Everything that one run of the benchmark found out. */
export interface BenchReport {
  readonly machine: Machine;
  readonly results: readonly CellResult[];
  readonly constantCost: readonly CountedFile[];
  /** Empty when the run was not one that targets are judged by. */
  readonly judgements: readonly Judgement[];
}

const titleOf = ({ fragmentBytes, fileBytes, clients, isLatencySimulated }: Cell): string => {
  const files =
    clients === 1
      ? `one client, ${bytesText(fileBytes)}`
      : `${clients} clients, ${bytesText(fileBytes)} each`;
  return `Fragments of ${bytesText(fragmentBytes)}, ${files}${isLatencySimulated ? ', simulated service latencies' : ''}`;
};

const head = [
  '',
  'S3 PUT-class/GiB',
  'GET-class/GiB',
  'deletes/GiB',
  'written/byte',
  'read/byte',
  'write units/GiB',
  'read units/GiB',
  'CPU ms/MiB',
  'MiB/s',
  'Ack p50 ms',
  'p99 ms',
  'peak MiB',
];

const rowOf = (summary: Summary): readonly string[] => [
  contenders[summary.contender].title,
  figure(summary.s3PerGib.writes),
  figure(summary.s3PerGib.reads),
  figure(summary.s3PerGib.deletes),
  summary.bytesWrittenPerByte.toFixed(2),
  summary.bytesReadPerByte.toFixed(2),
  figure(summary.dynamodbPerGib.writeUnits),
  figure(summary.dynamodbPerGib.readUnits),
  figure(summary.cpuMsPerMebibyte),
  figure(summary.mebibytesPerSecond),
  figure(summary.ackP50Ms),
  figure(summary.ackP99Ms),
  figure(summary.peakRssBytes / 2 ** 20),
];

/** The results of one cell, as a table; who could not do it is named below with the reason. */
const cellText = (cell: Cell, results: readonly CellResult[]): string => {
  const summaries = results.filter(isSummary);
  const failures = results.flatMap((result) =>
    isSummary(result) ? [] : [`${contenders[result.contender].title}: ${result.failure}.`],
  );
  const runs = Math.max(0, ...summaries.map((summary) => summary.runs));
  return [
    `### ${titleOf(cell)}`,
    ...(summaries.length === 0
      ? []
      : [table(head, summaries.map(rowOf)), `${runs === 1 ? 'One run' : `Medians of ${runs} runs`}.`]),
    ...failures,
  ].join('\n\n');
};

const constantCostText = (files: readonly CountedFile[]): string => {
  const rows = files.map((file) => {
    const each = perGib(file);
    return [
      bytesText(file.fileBytes),
      figure(each.s3Requests),
      figure(each.dynamodbUnits),
      (each.bytesWritten / 2 ** 30).toFixed(3),
      figure(file.peakRssBytes / 2 ** 20),
    ];
  });
  return table(['file', 'S3 requests/GiB', 'DynamoDB units/GiB', 'written/byte', 'peak MiB'], rows);
};

/** The cost sheet at the size that an ALB lets through; `npm run cost` has any other. */
const billText = (): string => {
  const rows = designs.map(({ title, countsOf }) => {
    const bill = billOf(countsOf({ fileBytes: 2 ** 30, fragmentBytes: 1_000_000 }));
    const { s3, s3Express, dynamodb, lambda, loadBalancer, total } = bill;
    const dollars = [total, total * 1_024].map((value) => value.toFixed(value < 1 ? 4 : 2));
    const services = [s3 + s3Express, dynamodb, lambda, loadBalancer].map((value) => value.toFixed(4));
    return [title, ...dollars, ...services];
  });
  return [
    `US dollars per GiB in files of 1 GiB and fragments of 1,000,000 bytes, ${prices.region}, prices of ${prices.asOf}; everything behind the same load balancer.`,
    table(['', '$/GiB', '$/TiB', 'S3', 'DynamoDB', 'Lambda', 'ALB'], rows),
  ].join('\n\n');
};

/** The targets as a table. */
export const judgementsText = (judgements: readonly Judgement[]): string =>
  table(
    ['target', 'limit', 'measured', ''],
    judgements.map(({ target, limit, measured, holds }) => [
      target,
      limit,
      measured,
      holds ? 'holds' : 'MISSED',
    ]),
    2,
  );

/** The report for people: Markdown, laid out for a terminal too. */
export const reportText = ({ machine, results, constantCost, judgements }: BenchReport): string => {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const cells = results
    .map(({ cell }) => cell)
    .filter((cell, index, all) => all.findIndex((other) => cellsEqual(other, cell)) === index);
  const sections = [
    `${machine.date}, ${machine.processor}, ${machine.memoryGib} GiB, ${machine.system}; ${versions.join(', ')}.`,
    ...(judgements.length === 0 ? [] : [judgementsText(judgements)]),
    ...cells.map((cell) =>
      cellText(
        cell,
        results.filter((result) => cellsEqual(result.cell, cell)),
      ),
    ),
    ...(constantCost.length === 0
      ? []
      : ['### Large files cost no more per GiB', constantCostText(constantCost)]),
    ...(judgements.length === 0 ? [] : ['### What it costs', billText()]),
    absentContenders.map(({ title, reason }) => `Not compared: ${title} (${reason}).`).join('\n'),
  ];
  return sections.join('\n\n');
};
