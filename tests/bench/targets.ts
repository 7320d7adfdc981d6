import { tusS3Store } from '../../infra/planning/alternatives.ts';
import type { Counts } from '../../infra/planning/counts.ts';
import { ourCounts } from '../../infra/planning/our-calls.ts';
import { type CountedFile, largestDifference } from './constant-cost.ts';
import type { ContenderName } from './contenders/list.ts';
import type { Cell } from './grid.ts';
import { type CellResult, isSummary, type Summary } from './measurement.ts';
import { cellsEqual, comparedCell, countedCell, crowdCell, latencyCell, singleCell } from './plans.ts';

/** A promise of the project in numbers, and how it came out. */
export interface Judgement {
  readonly target: string;
  readonly limit: string;
  /** As people read it; why not, when there is none. */
  readonly measured: string;
  readonly holds: boolean;
}

/** Without `most` and `least`: shown beside the others, and judged by nobody. */
interface Target {
  readonly target: string;
  readonly most?: number;
  readonly least?: number;
  readonly digits: number;
  readonly unit?: string;
  readonly measure: (find: Find) => number;
}

type Find = (name: ContenderName, cell: Cell) => Summary;

class Unmeasured extends Error {
  override readonly name = 'Unmeasured';
}

const targets: readonly Target[] = [
  {
    target: 'S3 write requests per GiB, warm (PUT, COPY, POST and LIST)',
    most: 1_090,
    digits: 0,
    measure: (find) => find('ours-calls', countedCell).s3PerGib.writes,
  },
  {
    target: 'GetObject per GiB, warm',
    most: 0,
    digits: 0,
    measure: (find) => find('ours-calls', countedCell).s3PerGib.getObjects,
  },
  {
    target: 'delete requests per part, warm (not billed)',
    most: 1,
    digits: 2,
    measure: (find) => {
      const { deletes, byOperation } = find('ours-calls', countedCell).s3PerGib;
      return deletes / (byOperation['UploadPart'] ?? Number.NaN);
    },
  },
  {
    target: 'bytes written to S3 per byte, warm',
    most: 1.9,
    digits: 3,
    measure: (find) => find('ours-calls', countedCell).bytesWrittenPerByte,
  },
  {
    target: 'S3 write requests per GiB, every fragment cold',
    most: 1_090,
    digits: 0,
    measure: (find) => find('ours-cold', countedCell).s3PerGib.writes,
  },
  {
    target: 'S3 reads per fragment, every fragment cold',
    most: 1,
    digits: 2,
    measure: (find) => find('ours-cold', countedCell).s3PerGib.reads / fragmentsPerGib(countedCell),
  },
  {
    target: 'session reads per fragment, every fragment cold',
    // The CLOSE reads once more.
    most: 1.001,
    digits: 3,
    measure: (find) => find('ours-cold', countedCell).dynamodbPerGib.readUnits / fragmentsPerGib(countedCell),
  },
  {
    target: "S3 requests, of @tus/s3-store's",
    most: 1 / 4,
    digits: 3,
    measure: (find) => {
      const billed = (name: ContenderName) => {
        const { writes, reads } = find(name, comparedCell).s3PerGib;
        return writes + reads;
      };
      return billed('ours-door') / billed('tus');
    },
  },
  {
    target: "bytes written, of @tus/s3-store's",
    most: 2 / 3,
    digits: 3,
    measure: ratio(comparedCell, 'ours-door', 'tus', 'bytesWrittenPerByte'),
  },
  {
    target: "throughput per CPU second as function calls, times @tus/s3-store's",
    least: 4,
    digits: 2,
    unit: '×',
    measure: ratio(comparedCell, 'ours-calls', 'tus', 'mebibytesPerCpuSecond'),
  },
  {
    target: 'the same through the front door, which AWS runs and not a function',
    digits: 2,
    unit: '×',
    measure: ratio(comparedCell, 'ours-door', 'tus', 'mebibytesPerCpuSecond'),
  },
  {
    target: "Ack latency with simulated service latencies through the front door, of @tus/s3-store's (p50)",
    most: 1 / 3,
    digits: 3,
    measure: ratio(latencyCell, 'ours-door', 'tus', 'ackP50Ms'),
  },
  {
    target: 'CPU as function calls, times the SDK moving the same bytes',
    most: 1.35,
    digits: 2,
    unit: '×',
    measure: ratio(comparedCell, 'ours-calls', 'floor-same', 'cpuMsPerMebibyte'),
  },
  {
    target: 'CPU through the front door, times the SDK moving the same bytes',
    most: 1.8,
    digits: 2,
    unit: '×',
    measure: ratio(comparedCell, 'ours-door', 'floor-same', 'cpuMsPerMebibyte'),
  },
  {
    target: '32 clients, simulated service latencies: throughput, times one client',
    least: 4,
    digits: 2,
    unit: '×',
    measure: (find) => crowdGain(find, true),
  },
  {
    target: '32 clients, services as fast as this machine: throughput, times one client',
    least: 1,
    digits: 2,
    unit: '×',
    measure: (find) => crowdGain(find, false),
  },
  {
    target: 'largest difference between the cost sheet and what was counted of ours',
    most: 0.005,
    digits: 4,
    measure: (find) => sheetError(find('ours-calls', countedCell), ourCounts(countedCell)),
  },
  {
    target: 'largest difference between the cost sheet and what was counted of @tus/s3-store',
    most: 0.005,
    digits: 4,
    measure: (find) => sheetError(find('tus', comparedCell), tusS3Store(comparedCell)),
  },
];

/** Of requests, units and bytes, the one that the sheet gets most wrong. */
const sheetError = (counted: Summary, sheet: Counts): number => {
  const perGib = 2 ** 30 / counted.cell.fileBytes;
  const pairs = [
    [counted.s3PerGib.writes, sheet.s3Writes * perGib],
    [counted.s3PerGib.reads, sheet.s3Reads * perGib],
    [counted.bytesWrittenPerByte, sheet.s3BytesWritten / counted.cell.fileBytes],
    [counted.bytesReadPerByte, sheet.s3BytesRead / counted.cell.fileBytes],
    [counted.dynamodbPerGib.writeUnits, sheet.dynamodbWriteUnits * perGib],
    [counted.dynamodbPerGib.readUnits, sheet.dynamodbReadUnits * perGib],
  ] as const;
  return Math.max(...pairs.map(([a, b]) => (a === b ? 0 : Math.abs(a - b) / Math.max(a, b))));
};

function ratio(
  cell: Cell,
  ours: ContenderName,
  theirs: ContenderName,
  what: 'bytesWrittenPerByte' | 'mebibytesPerCpuSecond' | 'ackP50Ms' | 'cpuMsPerMebibyte',
): Target['measure'] {
  return (find) => find(ours, cell)[what] / find(theirs, cell)[what];
}

const fragmentsPerGib = ({ fragmentBytes }: Cell): number => Math.ceil(2 ** 30 / fragmentBytes);

/** In one process, that of the front door. */
const crowdGain = (find: Find, isLatencySimulated: boolean): number =>
  find('ours-door', crowdCell(isLatencySimulated)).mebibytesPerSecond /
  find('ours-door', singleCell(isLatencySimulated)).mebibytesPerSecond;

/** Every target with what was measured. What could not be measured does not hold. */
export const judge = (
  results: readonly CellResult[],
  constantCost: readonly CountedFile[],
): readonly Judgement[] => {
  const find: Find = (name, cell) => {
    const found = results.find((result) => result.contender === name && cellsEqual(result.cell, cell));
    if (found === undefined) throw new Unmeasured(`${name} was not measured`);
    if (!isSummary(found)) throw new Unmeasured(`${name}: ${found.failure}`);
    return found;
  };
  return [...targets.map((target) => judgeOne(target, find)), judgeConstantCost(constantCost)];
};

const judgeOne = ({ target, most, least, digits, unit = '', measure }: Target, find: Find): Judgement => {
  const text = (value: number) =>
    `${value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}${unit}`;
  const limit =
    most !== undefined ? `at most ${text(most)}` : least !== undefined ? `at least ${text(least)}` : 'none';
  try {
    const value = measure(find);
    const holds = value <= (most ?? Number.POSITIVE_INFINITY) && value >= (least ?? Number.NEGATIVE_INFINITY);
    return { target, limit, measured: text(value), holds };
  } catch (error) {
    if (!(error instanceof Unmeasured)) throw error;
    return { target, limit, measured: error.message, holds: false };
  }
};

const judgeConstantCost = ([small, large]: readonly CountedFile[]): Judgement => {
  const target = 'requests, units and bytes per GiB, a file of 16 GiB against one of 256 MiB';
  const limit = 'within 2.0 %';
  if (small === undefined || large === undefined)
    return { target, limit, measured: 'not measured', holds: false };
  const difference = largestDifference(small, large);
  return { target, limit, measured: `${(difference * 100).toFixed(1)} %`, holds: difference <= 0.02 };
};
