import { sweepShards } from '../../../lib/session/item.ts';
import type { FleetReport } from './simulate.ts';

/** Something that AWS allows only so much of, unless it is asked for more. */
export interface Limit {
  readonly name: string;
  readonly allowed: number;
  readonly unit: string;
  /** What moves it: a quota to have raised, or a setting of ours. */
  readonly movedBy: string;
}

/** A limit and how much of it a fleet takes. */
export interface LimitUse extends Limit {
  readonly demand: number;
  /** 1: all of it. */
  readonly share: number;
}

interface MeasuredLimit extends Limit {
  readonly demandOf: (report: FleetReport) => number;
}

/** As AWS documents them, before any quota is raised. */

const limits: readonly MeasuredLimit[] = [
  {
    name: 'Lambda, concurrent invocations',
    allowed: 1_000,
    unit: 'at once',
    movedBy: 'the quota "Concurrent executions"; more memory for the fragment function shortens them',
    demandOf: ({ peakConcurrency }) => peakConcurrency,
  },
  {
    name: 'S3 staging bucket, PUT on one partition',
    allowed: 3_500,
    unit: 'requests/s',
    movedBy:
      'nothing to set: keys begin with random session ids, and S3 splits by itself under load (503 meanwhile, which the SDK repeats)',
    demandOf: ({ peaks }) => peaks.stagingWrites,
  },
  {
    name: 'S3 staging bucket, GET on one partition',
    allowed: 5_500,
    unit: 'requests/s',
    movedBy: 'as for its PUTs; larger fragments make fewer pieces',
    demandOf: ({ peaks }) => peaks.stagingReads,
  },
  {
    name: 'S3 destination bucket, PUT on one partition',
    allowed: 3_500,
    unit: 'requests/s',
    movedBy:
      'the key template: keys that begin with {sessionId} spread over partitions, those that begin with a date share one',
    demandOf: ({ peaks }) => peaks.destinationWrites,
  },
  {
    name: 'DynamoDB, writes of a table that is new',
    allowed: 4_000,
    unit: 'units/s',
    movedBy:
      'warm throughput of the table, set before the fleet comes; it doubles by itself within half an hour',
    demandOf: ({ peaks }) => peaks.writeUnits,
  },
  {
    name: 'DynamoDB, reads of a table that is new',
    allowed: 12_000,
    unit: 'units/s',
    movedBy: 'as for its writes',
    demandOf: ({ peaks }) => peaks.readUnits,
  },
  {
    name: 'DynamoDB, writes of a table',
    allowed: 40_000,
    unit: 'units/s',
    movedBy: 'the quota "Table-level write throughput"; larger fragments write less often',
    demandOf: ({ peaks }) => peaks.writeUnits,
  },
  {
    name: 'DynamoDB, index of the sweep',
    allowed: sweepShards * 1_000,
    unit: 'units/s',
    movedBy: 'the number of shards (lib/session/item.ts), a change of code',
    demandOf: ({ peaks }) => peaks.indexWriteUnits,
  },
];

/** Every limit, the one that is met first at the top. */
export const limitUses = (report: FleetReport): readonly LimitUse[] =>
  limits
    .map(({ demandOf, ...limit }) => {
      const demand = demandOf(report);
      return { ...limit, demand, share: demand / limit.allowed };
    })
    .sort((a, b) => b.share - a.share);
