import { layoutFor, s3PartLimits } from '../../lib/upload/parts.ts';
import { type Load, runLoad } from './contenders/contender.ts';
import { type ContenderName, entryOf } from './contenders/list.ts';
import type { Payload } from './contenders/payload.ts';
import type { Cell } from './grid.ts';
import { type CellResult, type Run, summarize } from './measurement.ts';
import { type Child, startChild } from './processes/child.ts';
import type { ContenderMethods } from './processes/contender-child.ts';
import type { Services } from './services.ts';

/** What a cell is measured with, and how often. */
export interface CellPlan {
  readonly cell: Cell;
  readonly contenders: readonly ContenderName[];
  readonly repetitions: number;
}

/**
 * Two parts and one fragment more: enough for V8 to compile what they go through, and of our own design nothing is left that
 * the next file would have to delete.
 */
const warmUpBytes = (fragmentBytes: number): number => {
  const { partBytes } = layoutFor(2 ** 30, fragmentBytes, s3PartLimits);
  return 2 * partBytes + fragmentBytes;
};

/** Staged and gathered bytes lie there at once, and whoever stages more than that. */
const diskShare = 3;

const watchEveryMs = 5_000;

let loads = 0;

interface Running {
  readonly name: ContenderName;
  readonly child: Child<ContenderMethods>;
  send: (load: Load) => Promise<number[]>;
  readonly runs: Run[];
  failure: string | undefined;
}

/**
 * Measures a cell: every contender in its own process, warmed up; then the contenders one after the other, and all of them
 * again as often as is wanted, so that a change of the machine's mood meets them all. After every run the bytes in the bucket
 * are counted: a contender that loses some has not finished.
 */
export const runCell = async (
  { cell, contenders, repetitions }: CellPlan,
  services: Services,
  payload: Payload,
  onStep: (text: string) => void,
  { keepsBodies = true } = {},
): Promise<readonly CellResult[]> => {
  const neededBytes = diskShare * cell.clients * cell.fileBytes;
  if (keepsBodies && (await services.freeBytes()) < neededBytes) {
    const failure = `the disk has not ${Math.ceil(neededBytes / 2 ** 30)} GiB free`;
    return contenders.map((name) => ({ contender: name, cell, failure }));
  }
  const all: Running[] = [];
  try {
    for (const name of contenders) all.push(await start(name, services, payload));
    await services.simulateLatency(false);
    for (const one of all) {
      if (one.failure !== undefined) continue;
      onStep(`warming up ${entryOf(one.name).title}`);
      await attempt(one, () => warmUp(one, cell, services));
    }
    await services.simulateLatency(cell.isLatencySimulated);
    for (let repetition = 1; repetition <= repetitions; repetition++) {
      for (const one of all) {
        if (one.failure !== undefined) continue;
        const step = `${entryOf(one.name).title}, ${repetition} of ${repetitions}`;
        onStep(step);
        const stopWatching = watch(cell, services, (percent) => onStep(`${step}: ${percent} %`));
        await attempt(one, async () => {
          one.runs.push(await measure(one, cell, services));
        });
        stopWatching();
      }
    }
  } finally {
    await Promise.all(all.map(({ child }) => child.stop()));
    await services.simulateLatency(false);
  }
  return all.map(({ name, runs, failure }) =>
    failure === undefined ? summarize(name, cell, runs) : { contender: name, cell, failure },
  );
};

const start = async (name: ContenderName, { places }: Services, payload: Payload): Promise<Running> => {
  const child = startChild<ContenderMethods>(new URL('./processes/contender-child.ts', import.meta.url));
  const one: Running = {
    name,
    child,
    send: (load) => child.ask('run', load),
    runs: [],
    failure: undefined,
  };
  await attempt(one, async () => {
    const url = await child.ask('start', { name, places });
    const { uploadTo } = entryOf(name);
    if (url === undefined || uploadTo === undefined) return;
    const upload = uploadTo(url, payload);
    one.send = (load) => runLoad(load, upload);
  });
  return one;
};

/** How much of a long run's file is in parts, every few seconds. */
const watch = (cell: Cell, services: Services, onPercent: (percent: number) => void): (() => void) => {
  const total = cell.clients * cell.fileBytes;
  const timer = setInterval(() => {
    services.stats().then(
      ({ s3 }) => onPercent(Math.floor((s3.UploadPart.bytesWritten / total) * 100)),
      // Whoever waits for the run itself is told.
      () => clearInterval(timer),
    );
  }, watchEveryMs);
  return () => clearInterval(timer);
};

const attempt = async (one: Running, step: () => Promise<void>): Promise<void> => {
  try {
    await step();
  } catch (error) {
    one.failure = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
  }
};

const warmUp = async (one: Running, cell: Cell, services: Services): Promise<void> => {
  const fileBytes = warmUpBytes(cell.fragmentBytes);
  await one.send({ name: nextName(one), clients: 1, fileBytes, fragmentBytes: cell.fragmentBytes });
  await services.empty();
};

const measure = async (one: Running, cell: Cell, services: Services): Promise<Run> => {
  const { clients, fileBytes, fragmentBytes } = cell;
  try {
    await services.resetStats();
    const before = await one.child.ask('usage');
    const startedMs = performance.now();
    const acksMs = await one.send({ name: nextName(one), clients, fileBytes, fragmentBytes });
    const elapsedMs = performance.now() - startedMs;
    const after = await one.child.ask('usage');
    const { s3, dynamodb } = await services.stats();
    const stored = await services.uploadedBytes();
    if (stored !== clients * fileBytes) throw new Error(`${stored} bytes arrived of ${clients * fileBytes}`);
    return {
      elapsedMs,
      serverCpuMs: after.cpuMs - before.cpuMs,
      peakRssBytes: after.peakRssBytes,
      acksMs: acksMs.sort((a, b) => a - b),
      s3,
      dynamodb,
    };
  } finally {
    await services.empty();
  }
};

const nextName = ({ name }: Running): string => `${name}-${++loads}`;
