import { describe, expect, it } from 'vitest';
import { Agenda } from '../../infra/planning/fleet/agenda.ts';
import { Chance } from '../../infra/planning/fleet/chance.ts';
import { Environments } from '../../infra/planning/fleet/environments.ts';
import { FleetUpload } from '../../infra/planning/fleet/fleet-upload.ts';
import { limitUses } from '../../infra/planning/fleet/limits.ts';
import { type SimulationOptions, simulateFleet } from '../../infra/planning/fleet/simulate.ts';
import { ourCounts, replayUpload } from '../../infra/planning/our-calls.ts';

const options: SimulationOptions = {
  workload: {
    clients: 3_000,
    filesPerClient: 1,
    windowMinutes: 10,
    meanFileBytes: 64 * 2 ** 20,
    fragmentBytes: 1_000_000,
    uplinkBitsPerSecond: 1e7,
  },
  seconds: 5,
  seed: 7,
  placement: 'any',
};

describe('the fleet', () => {
  const report = simulateFleet(options);

  it('is the same from the same seed, and another from another', () => {
    expect(simulateFleet(options)).toEqual(report);
    expect(simulateFleet({ ...options, seed: 8 })).not.toEqual(report);
  });

  it('has as many at work as come in and stay', () => {
    const { clients, windowMinutes, meanFileBytes, uplinkBitsPerSecond } = options.workload;
    const perSecond = clients / (windowMinutes * 60);
    const sendingSeconds = (meanFileBytes * 8) / uplinkBitsPerSecond;
    // Between two fragments they wait, and slow lines take longer than fast ones save.
    expect(report.activeUploads).toBeGreaterThan(0.8 * perSecond * sendingSeconds);
    expect(report.activeUploads).toBeLessThan(2.5 * perSecond * sendingSeconds);
    // Little's law: what runs at once is what comes in, for as long as it takes; a peak is somewhat more.
    const meanRunning = (report.fragments / options.seconds) * (report.meanAckMs / 1_000);
    expect(report.peakConcurrency).toBeGreaterThan(meanRunning);
    expect(report.peakConcurrency).toBeLessThan(2.5 * meanRunning + 10);
    expect(report.environments).toBeLessThan(4 * report.peakConcurrency);
  });

  it('asks for what the cost sheet says, between always warm and always cold', () => {
    const shape = {
      fileBytes: options.workload.meanFileBytes,
      fragmentBytes: options.workload.fragmentBytes,
    };
    const perGib = 2 ** 30 / shape.fileBytes;
    const [warm, cold] = [ourCounts(shape), ourCounts(shape, { isWarm: false })];
    const counts = report.countsPerGib;
    expect(counts.s3Writes / (warm.s3Writes * perGib)).toBeCloseTo(1, 0);
    expect(counts.s3Reads).toBeGreaterThan(warm.s3Reads);
    expect(counts.s3Reads).toBeLessThan(1.5 * cold.s3Reads * perGib);
    expect(counts.dynamodbReadUnits).toBeLessThan(1.2 * cold.dynamodbReadUnits * perGib);
  });

  it('twice the clients, twice the demand; the first limit says at how many clients it is met', () => {
    const twice = simulateFleet({ ...options, workload: { ...options.workload, clients: 6_000 } });
    expect(twice.fragments / report.fragments).toBeCloseTo(2, 0);
    const [first, second] = limitUses(report);
    expect(first?.share).toBeGreaterThanOrEqual(second?.share ?? Number.NaN);
    expect(first?.share).toBeGreaterThan(0.02);
    expect(first?.share).toBeLessThan(0.2);
  });
});

describe('one upload of the fleet', () => {
  const job = { startsAtMs: 0, fileBytes: 30_500_000, bytesPerMs: 1_000 };
  const carryOut = (environmentOf: (index: number) => ReturnType<Environments['take']>['environment']) => {
    const upload = new FleetUpload(job, 1_000_000);
    const sum = {
      stagingWrites: 0,
      stagingReads: 0,
      destinationWrites: 0,
      bytesWritten: 0,
      bytesRead: 0,
      known: 0,
    };
    for (let index = 0; !upload.isComplete; index++) {
      const cost = upload.store(environmentOf(index));
      sum.stagingWrites += cost.stagingWrites;
      sum.stagingReads += cost.stagingReads;
      sum.destinationWrites += cost.destinationWrites;
      sum.bytesWritten += cost.bytesWritten;
      sum.bytesRead += cost.bytesRead;
      sum.known += cost.isSessionKnown ? 1 : 0;
    }
    return sum;
  };
  const fresh = () => new Environments('any', () => 0).take().environment;

  it.each([
    ['always the same environment', true],
    ['always another environment', false],
  ])('%s: what the cost sheet replays', (_, isWarm) => {
    const same = fresh();
    const sum = carryOut(() => (isWarm ? same : fresh()));
    const { calls, ...sheet } = replayUpload(
      { fileBytes: job.fileBytes, fragmentBytes: 1_000_000 },
      { isWarm },
    );
    expect(sum).toEqual({
      stagingWrites: calls.putPiece,
      stagingReads: calls.getPiece,
      destinationWrites: calls.uploadPart + calls.createUpload,
      bytesWritten: sheet.s3BytesWritten,
      bytesRead: sheet.s3BytesRead,
      known: isWarm ? sheet.fragments - 1 : 0,
    });
  });

  it('joined in its middle it ends as one that was watched from its beginning', () => {
    const upload = new FleetUpload(job, 1_000_000);
    upload.skip(25);
    let [fragments, read] = [0, 0];
    for (; !upload.isComplete; fragments++) read += upload.store(fresh()).stagingReads;
    expect(fragments).toBe(6);
    // Seven pieces of the third part and one more; three of the last.
    expect(read).toBe(8 + 3);
  });
});

describe('its tools', () => {
  it('the agenda gives the earliest event first', () => {
    const agenda = new Agenda<{ atMs: number }>();
    const chance = new Chance(3);
    const times = Array.from({ length: 300 }, () => chance.int(100));
    for (const atMs of times) agenda.add({ atMs });
    const taken = times.map(() => agenda.take()?.atMs);
    expect(taken).toEqual(times.toSorted((a, b) => a - b));
    expect(agenda.take()).toBeUndefined();
  });

  it('an environment serves one event at a time; the latest is used again where that is wanted', () => {
    const environments = new Environments('latest', () => 0);
    const [a, b] = [environments.take(), environments.take()];
    expect([a.isNew, b.isNew, a.environment === b.environment]).toEqual([true, true, false]);
    environments.giveBack(a.environment);
    environments.giveBack(b.environment);
    expect(environments.take().environment).toBe(b.environment);
    expect(environments.take().environment).toBe(a.environment);
    expect(environments.count).toBe(2);
  });
});
