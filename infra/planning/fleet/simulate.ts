import { addUp, type Counts, invocation, times } from '../counts.ts';
import { indexWriteUnits } from '../our-calls.ts';
import { s3CallMs, timing, workMs } from '../timing.ts';
import { Agenda } from './agenda.ts';
import { Chance } from './chance.ts';
import { Environments, type ExecutionEnvironment, type Placement } from './environments.ts';
import { FleetUpload, type FragmentCost } from './fleet-upload.ts';
import { Meter, type Rates } from './meter.ts';
import { jobsOf, roundTripMs, type Workload } from './workload.ts';

export interface SimulationOptions {
  readonly workload: Workload;
  /** How long the fleet is watched, and as long before that it runs unwatched. */
  readonly seconds: number;
  readonly seed: number;
  readonly placement: Placement;
}

/** A fleet as it is at the end of its window, when the most of it is at work. */
export interface FleetReport {
  /** Uploads under way at the end. */
  readonly activeUploads: number;
  /** The busiest second of each. */
  readonly peaks: Rates;
  readonly peakConcurrency: number;
  /** Environments of the fragment function. */
  readonly environments: number;
  /** Fragments that met an environment which knew their session. */
  readonly warmSessionShare: number;
  /** Staged pieces that had not to be read back. */
  readonly warmPieceShare: number;
  /** Of the server; the line of the client comes on top. */
  readonly meanAckMs: number;
  /** What was asked of AWS for a GiB, as things were. */
  readonly countsPerGib: Counts;
  readonly fragments: number;
}

type Event =
  | { readonly kind: 'create' | 'arrive' | 'close'; readonly atMs: number; readonly upload: FleetUpload }
  | {
      readonly kind: 'stored';
      readonly atMs: number;
      readonly upload: FleetUpload;
      readonly environment: ExecutionEnvironment;
    }
  | { readonly kind: 'ended'; readonly atMs: number };

/** A new environment starts its runtime and reads its bundle. */
const coldStartMs = 350;
/** Services answer sooner or later than on the average. */
const serviceSpread = 0.25;
const gibibyte = 2 ** 30;

const createMs = s3CallMs(0) + timing.dynamodbCallMs + workMs(0);
const closeMs = 5 * s3CallMs(0) + 3 * timing.dynamodbCallMs + workMs(0);

/**
 * Plays a fleet: clients begin evenly over a window, each sends one fragment after the other as fast as its line allows, and
 * Lambda, S3 and DynamoDB take the time of `timing.ts`. Nothing is refused: what is found is the demand, which `limits.ts`
 * holds against what AWS allows. The same options give the same report.
 */
export const simulateFleet = ({ workload, seconds, seed, placement }: SimulationOptions): FleetReport => {
  const chance = new Chance(seed);
  const watchedFromMs = seconds * 1_000;
  const endMs = 2 * watchedFromMs;
  const agenda = new Agenda<Event>();
  const environments = new Environments(placement, (below) => chance.int(below));
  const meter = new Meter(watchedFromMs, seconds);
  const totals = new Totals();
  let active = 0;
  let busy = 0;

  for (const job of jobsOf(workload, endMs, chance)) {
    const upload = new FleetUpload(job, workload.fragmentBytes);
    if (job.startsAtMs >= 0) {
      agenda.add({ kind: 'create', atMs: job.startsAtMs, upload });
      continue;
    }
    const cycleMs =
      Math.min(workload.fragmentBytes, job.fileBytes) / job.bytesPerMs +
      roundTripMs +
      typicalServiceMs(workload);
    const done = Math.floor(-job.startsAtMs / cycleMs);
    if (done * workload.fragmentBytes >= job.fileBytes) continue;
    upload.skip(done);
    active++;
    busy += typicalServiceMs(workload) / cycleMs;
    agenda.add({ kind: 'arrive', atMs: chance.next() * cycleMs, upload });
  }
  // The fleet has been at work for a while: its environments are there.
  environments.begin(Math.ceil(busy));

  for (let event = agenda.take(); event !== undefined && event.atMs < endMs; event = agenda.take()) {
    const { atMs } = event;
    const isWatched = atMs >= watchedFromMs;
    switch (event.kind) {
      case 'create': {
        active++;
        meter.begin(atMs);
        meter.add(atMs, { invocations: 1, writeUnits: 1 });
        if (isWatched) totals.created();
        agenda.add({ kind: 'ended', atMs: atMs + createMs });
        agenda.add({
          ...event,
          kind: 'arrive',
          atMs: atMs + createMs + roundTripMs + event.upload.sendingMs,
        });
        break;
      }
      case 'arrive': {
        const { environment, isNew } = environments.take();
        const cost = event.upload.store(environment);
        const tookMs = cost.serviceMs * chance.around(1, serviceSpread) + (isNew ? coldStartMs : 0);
        meter.begin(atMs);
        meter.add(atMs, {
          invocations: 1,
          stagingWrites: cost.stagingWrites,
          stagingReads: cost.stagingReads,
          destinationWrites: cost.destinationWrites,
          writeUnits: 1 + (event.upload.isComplete ? 1 : 0),
          indexWriteUnits: event.upload.isComplete ? 1 : 0,
          readUnits: cost.isSessionKnown ? 0 : 1,
          receivedBytes: cost.bytes,
        });
        if (isWatched) totals.stored(cost, tookMs, event.upload.isComplete);
        agenda.add({ kind: 'stored', atMs: atMs + tookMs, upload: event.upload, environment });
        break;
      }
      case 'stored': {
        meter.end();
        environments.giveBack(event.environment);
        const { upload } = event;
        if (upload.isComplete) agenda.add({ kind: 'close', atMs: atMs + roundTripMs, upload });
        else agenda.add({ kind: 'arrive', atMs: atMs + roundTripMs + upload.sendingMs, upload });
        break;
      }
      case 'close': {
        active--;
        meter.begin(atMs);
        meter.add(atMs, {
          invocations: 1,
          destinationWrites: 1,
          writeUnits: 2 + indexWriteUnits - 1,
          indexWriteUnits: indexWriteUnits - 1,
          readUnits: 1,
        });
        if (isWatched) totals.closed(event.upload.parts);
        agenda.add({ kind: 'ended', atMs: atMs + closeMs });
        break;
      }
      case 'ended':
        meter.end();
    }
  }
  return {
    activeUploads: active,
    peaks: meter.peaks(),
    peakConcurrency: meter.peakRunning,
    environments: environments.count,
    ...totals.report(),
  };
};

/** Of a fragment that completes no part. */
const typicalServiceMs = ({ fragmentBytes }: Workload): number =>
  s3CallMs(fragmentBytes) + 2 * timing.dynamodbCallMs + workMs(fragmentBytes);

/** Everything that was asked for while the fleet was watched. */
class Totals {
  readonly #counts: Partial<Counts>[] = [];
  #pending: Counts = addUp([]);
  #bytes = 0;
  #fragments = 0;
  #known = 0;
  #gathered = 0;
  #readBack = 0;
  #ackMs = 0;

  created(): void {
    this.#add({ s3Reads: 1, dynamodbWriteUnits: 1 }, invocation(0, createMs));
  }

  stored(cost: FragmentCost, tookMs: number, isComplete: boolean): void {
    this.#bytes += cost.bytes;
    this.#fragments++;
    this.#known += cost.isSessionKnown ? 1 : 0;
    this.#gathered += cost.gathered;
    this.#readBack += cost.stagingReads;
    this.#ackMs += tookMs;
    this.#add(
      {
        s3Writes: cost.stagingWrites + cost.destinationWrites,
        s3Reads: cost.stagingReads,
        s3Deletes: cost.stagingDeletes,
        s3BytesWritten: cost.bytesWritten,
        s3BytesRead: cost.bytesRead,
        dynamodbWriteUnits: 1 + (isComplete ? 1 : 0),
        dynamodbReadUnits: cost.isSessionKnown ? 0 : 1,
      },
      invocation(cost.bytes, tookMs),
    );
  }

  closed(parts: number): void {
    const pages = Math.max(1, Math.ceil(parts / 1_000));
    this.#add(
      {
        s3Writes: 2 + pages,
        s3Reads: 2,
        s3Deletes: 1,
        dynamodbWriteUnits: 1 + indexWriteUnits,
        dynamodbReadUnits: 1,
      },
      invocation(0, closeMs),
    );
  }

  report() {
    const perGib = gibibyte / Math.max(1, this.#bytes);
    const counts = addUp([this.#pending, ...this.#counts]);
    return {
      fragments: this.#fragments,
      warmSessionShare: this.#known / Math.max(1, this.#fragments),
      warmPieceShare: this.#gathered === 0 ? 1 : 1 - this.#readBack / this.#gathered,
      meanAckMs: this.#ackMs / Math.max(1, this.#fragments),
      countsPerGib: times(counts, perGib),
    };
  }

  #add(...counts: readonly Partial<Counts>[]): void {
    this.#counts.push(...counts);
    if (this.#counts.length < 10_000) return;
    this.#pending = addUp([this.#pending, ...this.#counts.splice(0)]);
  }
}
