import { type Bill, billOf, idlePerMonth } from '../bill.ts';
import { prices } from '../prices.ts';
import { table } from '../table.ts';
import { type LimitUse, limitUses } from './limits.ts';
import { type Scenario, sizes, variations } from './scenarios.ts';
import type { FleetReport, SimulationOptions } from './simulate.ts';
import type { Workload } from './workload.ts';

const gibibyte = 2 ** 30;

export interface FleetCost {
  readonly perGib: Bill;
  readonly gibPerDay: number;
  readonly perDay: number;
  readonly idlePerMonth: number;
}

/** What the fleet's day costs when all of it goes as what was watched. */
export const costOf = (report: FleetReport, { workload }: SimulationOptions): FleetCost => {
  const perGib = billOf(report.countsPerGib);
  const gibPerDay = (workload.clients * workload.filesPerClient * workload.meanFileBytes) / gibibyte;
  return { perGib, gibPerDay, perDay: perGib.total * gibPerDay, idlePerMonth: idlePerMonth() };
};

const number = (value: number): string => Math.round(value).toLocaleString('en-US');
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
/** An extrapolation knows two digits at most. */
const roughly = (value: number): string => Number(value.toPrecision(2)).toLocaleString('en-US');
const gigabits = (bytes: number): string => ((bytes * 8) / 1e9).toFixed(2);

/** Where the fleet stands with its first limit. */
const verdict = (first: LimitUse, { clients }: Workload): string => {
  const state = first.share > 1 ? 'is exceeded' : `is taken to ${percent(first.share)}`;
  return `First limit: ${first.name} (${number(first.allowed)} ${first.unit}) ${state}; a fleet like this meets it at about ${roughly(clients / first.share)} clients.
What moves it: ${first.movedBy}.`;
};

/** One fleet, for people. */
export const reportText = (report: FleetReport, options: SimulationOptions): string => {
  const { workload } = options;
  const { peaks } = report;
  const cost = costOf(report, options);
  const facts = [
    ['uploads under way', number(report.activeUploads)],
    ['received, Gbit/s', gigabits(peaks.receivedBytes)],
    ['invocations a second', number(peaks.invocations)],
    ['fragments that met a warm session', percent(report.warmSessionShare)],
    ['pieces that were still in memory', percent(report.warmPieceShare)],
    ['Ack without the line, ms on the average', number(report.meanAckMs)],
    ['environments of the fragment function', number(report.environments)],
    ['$ per GiB', cost.perGib.total.toFixed(4)],
    [`$ for the ${number(cost.gibPerDay)} GiB of a day`, number(cost.perDay)],
  ];
  const uses = limitUses(report);
  const rows = uses.map(({ name, demand, allowed, unit, share }) => [
    name,
    number(demand),
    number(allowed),
    unit,
    percent(share),
  ]);
  const [first] = uses;
  return [
    `${number(workload.clients)} clients, begun within ${workload.windowMinutes} minutes, at the end of that window (seed ${options.seed}; prices of ${prices.asOf})`,
    table(['', ''], facts),
    table(['limit', 'demand', 'allowed', '', 'taken'], rows),
    ...(first === undefined ? [] : [verdict(first, workload)]),
  ].join('\n\n');
};

/** The scenarios of docs/scaling.md, each played by `simulate`. */
export const scenariosText = (simulate: (options: SimulationOptions) => FleetReport): string => {
  const played = (scenarios: readonly Scenario[]) =>
    scenarios.map(({ title, options }) => ({ title, options, report: simulate(options) }));
  const bySize = played(sizes);
  const varied = played(variations);
  return [
    `Prices of ${prices.asOf}, ${prices.region}; seed 1.`,
    '### By size of the fleet',
    demandTable(bySize),
    limitTable(bySize),
    '### 100,000 clients within an hour, and one thing changed',
    demandTable(varied),
    limitTable(varied),
  ].join('\n\n');
};

interface Played extends Scenario {
  readonly report: FleetReport;
}

const demandTable = (played: readonly Played[]): string =>
  table(
    [
      'clients',
      'under way',
      'Gbit/s',
      'invocations/s',
      'at once',
      'warm',
      'staging PUT/s',
      'GET/s',
      'destination PUT/s',
      'write units/s',
      'read units/s',
      '$/GiB',
      '$/day',
    ],
    played.map(({ title, options, report }) => {
      const { peaks } = report;
      const cost = costOf(report, options);
      return [
        title,
        number(report.activeUploads),
        gigabits(peaks.receivedBytes),
        number(peaks.invocations),
        number(report.peakConcurrency),
        percent(report.warmSessionShare),
        number(peaks.stagingWrites),
        number(peaks.stagingReads),
        number(peaks.destinationWrites),
        number(peaks.writeUnits),
        number(peaks.readUnits),
        cost.perGib.total.toFixed(4),
        number(cost.perDay),
      ];
    }),
  );

/** Every limit that is more than half taken, or the first one where none is. */
const limitTable = (played: readonly Played[]): string =>
  table(
    ['clients', 'limit', 'taken', 'met at about'],
    played.flatMap(({ title, options, report }) => {
      const uses = limitUses(report);
      const close = uses.filter(({ share }, index) => index === 0 || share > 0.5);
      return close.map(({ name, share }, index) => [
        index === 0 ? title : '',
        name,
        percent(share),
        `${roughly(options.workload.clients / share)} clients`,
      ]);
    }),
    2,
  );
