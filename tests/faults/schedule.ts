import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { ClientModel } from './client-model.ts';
import { Invariants } from './invariants.ts';
import type { Job } from './job.ts';
import { drawPlan } from './plan.ts';
import { Random } from './random.ts';
import { sdkClients } from './sdk.ts';
import { firstReplySeed } from './seeds.ts';
import { openServers, type Servers, stagingBucket, uploadBucket } from './servers.ts';
import { Simulation, type Tally, Violation } from './simulation.ts';
import { Stage } from './stage.ts';
import { installClock, type VirtualClock } from './virtual-time.ts';

/** How one schedule ended. */
export interface ScheduleResult {
  readonly seed: number;
  readonly violation: string | undefined;
  readonly trace: readonly string[];
  readonly steps: number;
  /** How many faults were drawn. */
  readonly faults: number;
}

/** Memory, where the system has it as a folder: a schedule writes many small files. */
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const mathRandom = Math.random;
const startMs = Date.UTC(2026, 10, 22);
const maxSteps = 6_000;

/** Runs the schedule of a seed. With fewer than all faults, the first `maxFaults` of it happen and no others. */
export const runSchedule = async (
  seed: number,
  tally: Tally = new Map(),
  maxFaults = Number.POSITIVE_INFINITY,
): Promise<ScheduleResult> => {
  warmUp ??= run(0, new Map(), 0);
  await warmUp;
  return run(seed, tally, maxFaults);
};

/**
 * The SDK loads some of its code at the first call that needs it. That takes real time, and would change what a seed chooses
 * from: the first schedule of a process is one that nobody looks at.
 */
let warmUp: Promise<ScheduleResult> | undefined;

const run = async (seed: number, tally: Tally, maxFaults: number): Promise<ScheduleResult> => {
  const dataDir = await mkdtemp(join(scratch, 'bits-s3-faults-'));
  const random = new Random(seed);
  const servers = await openServers({
    dataDir,
    nowMs: () => Date.now(),
    repeatedComplete: random.pick(['no-such-upload', 'succeeds', 'precondition-first']),
    itemWithFailure: random.chance(0.8),
    pageItems: random.pick([1, 1_000]),
  });
  // From here on time stands still: Date.now is the virtual clock's.
  const clock = installClock(startMs);
  let simulation: Simulation | undefined;
  try {
    // The SDK draws the length of its back-off, and must not change what the seed chooses next.
    const backOff = new Random(seed + 1);
    Math.random = () => backOff.next();
    simulation = new Simulation(servers, clock, random, drawPlan(random), tally, maxFaults);
    await play(simulation, servers, clock, seed >= firstReplySeed);
    return resultOf(seed, simulation, undefined);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return resultOf(seed, simulation, error.message);
  } finally {
    Math.random = mathRandom;
    clock.uninstall();
    await servers.close();
    await rm(dataDir, { recursive: true, force: true });
  }
};

const resultOf = (
  seed: number,
  simulation: Simulation | undefined,
  violation: string | undefined,
): ScheduleResult => ({
  seed,
  violation,
  trace: simulation?.trace ?? [],
  steps: simulation?.trace.length ?? 0,
  faults: simulation?.faultsDrawn ?? 0,
});

const play = async (
  simulation: Simulation,
  servers: Servers,
  clock: VirtualClock,
  withReplies: boolean,
): Promise<void> => {
  const { random } = simulation;
  const clients = sdkClients((service, request, options) => simulation.carry(service, request, options));
  const jobs = drawJobs(
    random,
    withReplies ? ['reply', 'reply', 'reply-last'] : ['plain', 'plain', 'over', 'last'],
  );
  const invariants = new Invariants(simulation, clients.s3, jobs);
  simulation.onPerformed = (call) => invariants.onPerformed(call);
  const stage = new Stage(simulation, clients, random.pick([3, 4, 6, 20]), invariants);

  // The time to live: DynamoDB deletes what has expired, some time later, and its stream tells the sweep.
  const expire = () => {
    const nowSeconds = Math.floor(clock.now / 1000);
    for (const [sessionId, session] of invariants.sessions) {
      const expiresAt = session.state === 'receiving' ? session.expiresAtSeconds : undefined;
      if (expiresAt === undefined || expiresAt > nowSeconds) continue;
      const image = servers.table.delete(sessionId);
      simulation.note(`  ${sessionId.slice(0, 4)} deleted by its time to live`);
      invariants.sessions.delete(sessionId);
      if (image !== undefined)
        void stage.sweep({ Records: [{ eventName: 'REMOVE', dynamodb: { OldImage: image } }] });
    }
  };
  simulation.onSweep = (wanted) => {
    const task = wanted ?? random.pick(['due', 'due', 'orphans', 'expire'] as const);
    simulation.note(`sweep: ${task}`);
    if (task === 'expire') expire();
    else void stage.sweep({ task });
  };

  let running = jobs.length;
  for (const job of jobs) {
    setTimeout(() => {
      void new ClientModel(simulation, stage, job).run().then(() => {
        running--;
      });
    }, random.int(2_000));
  }
  await simulation.run(() => running === 0, maxSteps);
  await invariants.checkDurable();
  simulation.calmDown();
  await simulation.run(() => false, maxSteps);
  await invariants.checkDurable();
  await finalSweeps(simulation, stage, clock, expire, invariants);
  await invariants.checkOutcomes();
  await checkNothingLeft(simulation, clients.s3, invariants);
  await simulation.run(() => true, 0);
};

/** Days pass; the sweep comes by without faults. Enough of them for the hard end of every session. */
const finalSweeps = async (
  simulation: Simulation,
  stage: Stage,
  clock: VirtualClock,
  expire: () => void,
  invariants: Invariants,
): Promise<void> => {
  for (let day = 0; day < 4; day++) {
    clock.setSystemTime(clock.now + 90_000_000);
    expire();
    void stage.sweep({ task: 'due' });
    await simulation.run(() => false, maxSteps);
    if (invariants.describeOpen().length === 0) break;
  }
  clock.setSystemTime(clock.now + 90_000_000);
  void stage.sweep({ task: 'orphans' });
  await simulation.run(() => false, maxSteps);
};

/** P6. */
const checkNothingLeft = async (
  simulation: Simulation,
  s3: ReturnType<typeof sdkClients>['s3'],
  invariants: Invariants,
): Promise<void> => {
  const staged = await s3.send(new ListObjectsV2Command({ Bucket: stagingBucket }));
  const open = [];
  for (const Bucket of [uploadBucket, stagingBucket]) {
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    open.push(...Uploads);
  }
  const left = [
    ...(staged.Contents ?? []).map(({ Key }) => `piece ${Key}`),
    ...open.map(({ Key, UploadId }) => `upload ${Key} ${UploadId}`),
    ...invariants.describeOpen().map((line) => `session ${line}`),
  ];
  if (left.length > 0) simulation.fail(`left behind: ${left.join(', ')}`);
};

/** One to three clients, now and then two of them for one destination. */
const drawJobs = (random: Random, prefixes: readonly string[]): readonly Job[] => {
  const count = random.pick([1, 1, 2, 2, 3]);
  const jobs: Job[] = [];
  for (let index = 0; index < count; index++) {
    const prefix = random.pick(prefixes);
    const shared = jobs[0]?.path;
    const path = shared !== undefined && random.chance(0.3) ? shared : `/${prefix}/file-${index}.bin`;
    const bytes = random.pick([
      0,
      1,
      random.int(4_000),
      4_096,
      8_192,
      random.int(30_000),
      random.int(60_000),
    ]);
    const entity = random.bytes(bytes);
    jobs.push({ name: `client-${index}`, path, entity, sessions: new Set(), told: undefined });
  }
  return jobs;
};
