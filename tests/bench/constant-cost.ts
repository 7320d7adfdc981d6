import type { Payload } from './contenders/payload.ts';
import { isSummary, type Summary } from './measurement.ts';
import { runCell } from './run-cell.ts';
import { startServices } from './services.ts';

/** What one file took, as function calls; the file itself is not kept. */
export interface CountedFile {
  readonly fileBytes: number;
  /** All S3 requests. */
  readonly s3Requests: number;
  readonly dynamodbUnits: number;
  readonly bytesWritten: number;
  readonly peakRssBytes: number;
}

const gibibyte = 2 ** 30;
const constantCostFileBytes = [256 * 2 ** 20, 16 * gibibyte] as const;

/** Calls that every file costs once, whatever its size: they are taken out before two sizes are compared. */
const oncePerFile = { s3: 8, dynamodb: 5 };

/** Promise P9: what a GiB costs does not depend on the size of the file. */
export const measureConstantCost = async (
  payload: Payload,
  onStep: (text: string) => void,
  sizes: readonly number[] = constantCostFileBytes,
): Promise<readonly CountedFile[]> => {
  const services = await startServices({ keepsBodies: false });
  try {
    const files: CountedFile[] = [];
    for (const fileBytes of sizes) {
      const cell = { fragmentBytes: 1_000_000, fileBytes, clients: 1, isLatencySimulated: false };
      const size = `${fileBytes / gibibyte} GiB of generated data`;
      const [result] = await runCell(
        { cell, contenders: ['ours-calls'], repetitions: 1 },
        services,
        payload,
        (text) => onStep(`${size}: ${text}`),
        { keepsBodies: false },
      );
      if (result === undefined || !isSummary(result)) throw new Error(`${size}: ${result?.failure}`);
      files.push(countedFile(result));
    }
    return files;
  } finally {
    await services.stop();
  }
};

const countedFile = (summary: Summary): CountedFile => {
  const { fileBytes } = summary.cell;
  const { writes, reads, deletes } = summary.s3PerGib;
  const { writeUnits, readUnits } = summary.dynamodbPerGib;
  const total = (perGib: number) => Math.round((perGib * fileBytes) / gibibyte);
  return {
    fileBytes,
    s3Requests: total(writes + reads + deletes),
    dynamodbUnits: total(writeUnits + readUnits),
    bytesWritten: Math.round(summary.bytesWrittenPerByte * fileBytes),
    peakRssBytes: summary.peakRssBytes,
  };
};

/** Per GiB, what every file costs once taken out. */
export const perGib = (file: CountedFile) => ({
  s3Requests: ((file.s3Requests - oncePerFile.s3) * gibibyte) / file.fileBytes,
  dynamodbUnits: ((file.dynamodbUnits - oncePerFile.dynamodb) * gibibyte) / file.fileBytes,
  bytesWritten: (file.bytesWritten * gibibyte) / file.fileBytes,
});

/** The largest relative difference between two files per GiB, over requests, units and bytes. */
export const largestDifference = (a: CountedFile, b: CountedFile): number => {
  const [left, right] = [perGib(a), perGib(b)];
  const apart = (x: number, y: number) => Math.abs(x - y) / Math.max(x, y);
  return Math.max(
    apart(left.s3Requests, right.s3Requests),
    apart(left.dynamodbUnits, right.dynamodbUnits),
    apart(left.bytesWritten, right.bytesWritten),
  );
};
