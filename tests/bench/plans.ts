import { type ContenderName, contenders, isContenderName } from './contenders/list.ts';
import { type Cell, fullGrid } from './grid.ts';
import type { CellPlan } from './run-cell.ts';

const mebibyte = 2 ** 20;

/** The cell that most is said about: one client, fragments as an ALB lets through, services as fast as this machine. */
const plain = { fragmentBytes: 1_000_000, fileBytes: 256 * mebibyte, clients: 1, isLatencySimulated: false };

export const comparedCell: Cell = plain;
export const countedCell: Cell = { ...plain, fileBytes: 1024 * mebibyte };
export const latencyCell: Cell = { ...plain, fileBytes: 32 * mebibyte, isLatencySimulated: true };
export const singleCell = (isLatencySimulated: boolean): Cell => ({
  ...plain,
  fileBytes: 16 * mebibyte,
  isLatencySimulated,
});
export const crowdCell = (isLatencySimulated: boolean): Cell => ({
  ...singleCell(isLatencySimulated),
  clients: 32,
});

const all = Object.keys(contenders).filter(isContenderName);
const crowd: readonly ContenderName[] = ['ours-door'];

/** What every target of the project needs, in minutes. */
export const quickPlans: readonly CellPlan[] = [
  { cell: comparedCell, contenders: all, repetitions: 3 },
  { cell: countedCell, contenders: ['ours-calls', 'ours-cold'], repetitions: 1 },
  { cell: latencyCell, contenders: ['ours-calls', 'ours-door', 'tus', 'floor-put'], repetitions: 2 },
  { cell: singleCell(false), contenders: crowd, repetitions: 3 },
  { cell: crowdCell(false), contenders: crowd, repetitions: 3 },
  { cell: singleCell(true), contenders: crowd, repetitions: 3 },
  { cell: crowdCell(true), contenders: crowd, repetitions: 3 },
  {
    cell: { ...plain, fragmentBytes: 64 * 1024, fileBytes: 16 * mebibyte },
    contenders: ['ours-calls', 'ours-door', 'tus'],
    repetitions: 1,
  },
  {
    cell: { ...plain, fragmentBytes: 5 * mebibyte, fileBytes: 64 * mebibyte },
    contenders: ['ours-calls', 'ours-door', 'tus', 'uploadx'],
    repetitions: 2,
  },
];

const sameCell = (a: Cell, b: Cell): boolean =>
  a.fragmentBytes === b.fragmentBytes &&
  a.fileBytes === b.fileBytes &&
  a.clients === b.clients &&
  a.isLatencySimulated === b.isLatencySimulated;

export const cellsEqual = sameCell;

/** Every combination, besides what the targets need. It takes many hours and as much disk as its largest cell, twice. */
export const fullPlans = (): readonly CellPlan[] => {
  const grid = fullGrid.fragmentBytes.flatMap((fragmentBytes) =>
    fullGrid.fileBytes.flatMap((fileBytes) =>
      fullGrid.clients.flatMap((clients) =>
        [false, true].map((isLatencySimulated): CellPlan => {
          const cell = { fragmentBytes, fileBytes, clients, isLatencySimulated };
          return { cell, contenders: all, repetitions: 3 };
        }),
      ),
    ),
  );
  const extra = grid.filter(({ cell }) => !quickPlans.some((plan) => sameCell(plan.cell, cell)));
  return [...quickPlans, ...extra];
};
