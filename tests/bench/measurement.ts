import type { OperationName, S3Stats } from '../../infra/local/s3/index.ts';
import type { ContenderName } from './contenders/list.ts';
import type { Cell } from './grid.ts';
import type { DynamoDBStats } from './processes/dynamodb-units.ts';

/** One contender under one load, once. */
export interface Run {
  readonly elapsedMs: number;
  /** Of the server's process alone. */
  readonly serverCpuMs: number;
  /** Of the server's process since it started. */
  readonly peakRssBytes: number;
  /** As the client saw them, ascending. */
  readonly acksMs: readonly number[];
  readonly s3: S3Stats;
  readonly dynamodb: DynamoDBStats;
}

/** S3 requests by what S3 bills them as. */
export interface S3Requests {
  /** PUT, COPY, POST and LIST. */
  readonly writes: number;
  /** GET and HEAD. */
  readonly reads: number;
  /** Not billed. */
  readonly deletes: number;
}

/** One contender in one cell: medians over the runs, counts of the first run per GiB of file. */
export interface Summary {
  readonly contender: ContenderName;
  readonly cell: Cell;
  readonly runs: number;
  readonly mebibytesPerSecond: number;
  readonly cpuMsPerMebibyte: number;
  readonly mebibytesPerCpuSecond: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  readonly peakRssBytes: number;
  readonly s3PerGib: S3Requests & {
    readonly getObjects: number;
    readonly byOperation: Readonly<Record<string, number>>;
  };
  readonly bytesWrittenPerByte: number;
  readonly bytesReadPerByte: number;
  readonly dynamodbPerGib: { readonly writeUnits: number; readonly readUnits: number };
}

/** A contender that could not do a cell, and why. */
export interface Failure {
  readonly contender: ContenderName;
  readonly cell: Cell;
  readonly failure: string;
}

export type CellResult = Summary | Failure;

export const isSummary = (result: CellResult): result is Summary => !('failure' in result);

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

const isRead = (name: string) => /^(Get|Head)/.test(name);
const isDelete = (name: string) => /^(Delete|Abort)/.test(name);

/** Sums requests by what they are billed as. */
export const billedAs = (requests: Iterable<readonly [string, number]>): S3Requests => {
  let [writes, reads, deletes] = [0, 0, 0];
  for (const [name, count] of requests) {
    if (isDelete(name)) deletes += count;
    else if (isRead(name)) reads += count;
    else writes += count;
  }
  return { writes, reads, deletes };
};

/** Of an ascending list; 0 of an empty one. */
export const quantile = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? 0;

export const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

/** Counts do not depend on chance when one client runs; with more, the first run stands for all. */
export const summarize = (contender: ContenderName, cell: Cell, runs: readonly Run[]): Summary => {
  const [first] = runs;
  if (first === undefined) throw new RangeError('no runs to summarize');
  const bytes = cell.fileBytes * cell.clients;
  const perGib = (count: number) => (count * gibibyte) / bytes;
  const mebibytes = bytes / mebibyte;
  const counts = countsOf(first.s3);
  const requests = billedAs(counts.map(({ name, requests }) => [name, requests] as const));
  const cpuMs = median(runs.map(({ serverCpuMs }) => serverCpuMs));
  return {
    contender,
    cell,
    runs: runs.length,
    mebibytesPerSecond: (mebibytes * 1000) / median(runs.map(({ elapsedMs }) => elapsedMs)),
    cpuMsPerMebibyte: cpuMs / mebibytes,
    mebibytesPerCpuSecond: (mebibytes * 1000) / cpuMs,
    ackP50Ms: median(runs.map(({ acksMs }) => quantile(acksMs, 0.5))),
    ackP99Ms: median(runs.map(({ acksMs }) => quantile(acksMs, 0.99))),
    peakRssBytes: Math.max(...runs.map(({ peakRssBytes }) => peakRssBytes)),
    s3PerGib: {
      writes: perGib(requests.writes),
      reads: perGib(requests.reads),
      deletes: perGib(requests.deletes),
      getObjects: perGib(first.s3.GetObject.requests),
      byOperation: Object.fromEntries(counts.map(({ name, requests }) => [name, perGib(requests)])),
    },
    bytesWrittenPerByte: counts.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0) / bytes,
    bytesReadPerByte: counts.reduce((sum, { bytesRead }) => sum + bytesRead, 0) / bytes,
    dynamodbPerGib: {
      writeUnits: perGib(first.dynamodb.writeUnits),
      readUnits: perGib(first.dynamodb.readUnits),
    },
  };
};

interface OperationCount {
  readonly name: OperationName | string;
  readonly requests: number;
  readonly bytesWritten: number;
  readonly bytesRead: number;
}

/** Of the operations that were asked for at all. */
const countsOf = (stats: S3Stats): readonly OperationCount[] =>
  Object.entries(stats).flatMap(([name, one]) => (one.requests === 0 ? [] : [{ name, ...one }]));
