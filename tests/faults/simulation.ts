import { Interleavings } from './interleavings.ts';
import type { Invocation } from './invocation.ts';
import {
  connectionLost,
  label,
  operationOf,
  type PendingCall,
  type PerformedCall,
  throttledResponse,
} from './pending-call.ts';
import type { FaultPlan } from './plan.ts';
import type { Random } from './random.ts';
import type { CarryOptions, Service } from './sdk.ts';
import type { Servers } from './servers.ts';
import { Trouble } from './trouble.ts';
import { quiet, type VirtualClock } from './virtual-time.ts';
import { WaitingCalls } from './waiting-calls.ts';
import type { WireRequest, WireResponse } from './wire.ts';

/** Something between clients and the load balancer that is on its way. */
export interface Delivery {
  readonly label: string;
  run(): void;
}

/** A broken promise of the design. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** What a sweep looks for: what is due, what nobody names, or, in place of one, what the time to live deletes. */
export type SweepTask = 'due' | 'orphans' | 'expire';

/** What was drawn how often, for the summary of a run. */
export type Tally = Map<string, number>;

/**
 * Deterministic concurrency: functions, sweeps and clients all stand still at their next AWS call, delivery or timer, and
 * the seed chooses which of them happens next, and how. Time is virtual. One call at a time is carried out by the embedded
 * servers, whole, before anything else moves.
 */
export class Simulation {
  readonly random: Random;
  readonly plan: FaultPlan;
  readonly trace: string[] = [];
  readonly tally: Tally;
  /** Looks at every call that was carried out. */
  onPerformed: (call: PerformedCall) => void = () => {};
  /** Starts a sweep, when the seed or a client's sleep asks for one. */
  onSweep: (task?: SweepTask) => void = () => {};
  faultsLeft: number;
  faultsDrawn = 0;
  /** Keys at which S3 has thrown acknowledged parts away, as it may after a 409: then a file may end as lost. */
  readonly destroyedAt = new Set<string>();
  /** Sessions whose publication was taken for one with the alarm that nobody has seen the object. */
  readonly unverified = new Set<string>();
  readonly #servers: Servers;
  readonly #clock: VirtualClock;
  readonly #calls = new WaitingCalls((line) => this.note(line));
  readonly #deliveries: Delivery[] = [];
  readonly #running = new Set<Invocation>();
  readonly #trouble: Trouble;
  readonly #interleavings = new Interleavings((what) => this.count(what));
  #violation: Violation | undefined;
  #lastNote = '';
  #serial = 0;
  #isCalm = false;

  constructor(
    servers: Servers,
    clock: VirtualClock,
    random: Random,
    plan: FaultPlan,
    tally: Tally,
    maxFaults: number,
  ) {
    this.#servers = servers;
    this.#clock = clock;
    this.random = random;
    this.plan = plan;
    this.tally = tally;
    this.faultsLeft = maxFaults;
    this.#trouble = new Trouble(random);
  }

  get nowMs(): number {
    return this.#clock.now;
  }

  note(line: string): void {
    if (line === this.#lastNote) return;
    this.#lastNote = line;
    this.trace.push(`${((this.#clock.now % 1e9) / 1000).toFixed(3).padStart(11)}  ${line}`);
  }

  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }

  /** Something is broken: the run ends at the next step. */
  fail(what: string): void {
    this.note(`VIOLATION ${what}`);
    this.#violation ??= new Violation(what);
  }

  /** No more faults: what is under way may end. */
  calmDown(): void {
    this.#isCalm = true;
    this.#trouble.end();
    this.#calls.releaseAll();
  }

  /** Whether the seed wants a fault here. Every fault is numbered, so that a failing run can be cut to the fewest. */
  fault(kind: keyof FaultPlan): boolean {
    if (!this.random.chance(this.plan[kind]) || this.#isCalm || this.faultsLeft <= 0) return false;
    this.faultsLeft--;
    this.faultsDrawn++;
    this.count(kind);
    return true;
  }

  deliver(label: string, run: () => void): void {
    this.#deliveries.push({ label, run });
  }

  /**
   * Runs a function as one invocation; resolves with its answer, or `undefined` if it is killed first.
   * @param sessions what it will work on, as far as that is known
   */
  invoke<R>(
    name: string,
    sessions: readonly string[],
    work: (invocation: Invocation) => Promise<R>,
  ): Promise<R | undefined> {
    return new Promise((resolve, reject) => {
      const invocation: Invocation = {
        id: ++this.#serial,
        name,
        sessions: new Set(sessions),
        isDead: false,
        hasReturned: false,
        onKill: () => resolve(undefined),
      };
      this.#running.add(invocation);
      const done = (settle: () => void) => {
        if (invocation.isDead) return;
        invocation.hasReturned = true;
        this.#running.delete(invocation);
        this.#noteStrays(invocation);
        settle();
      };
      work(invocation).then(
        (result) => done(() => resolve(result)),
        (error: unknown) => done(() => reject(error)),
      );
    });
  }

  /** An AWS call: of an invocation it waits for its turn, the simulation's own happen at once and without faults. */
  carry(service: Service, request: WireRequest, options: CarryOptions): Promise<WireResponse> {
    const { invocation } = options;
    if (invocation === undefined) return this.#perform(service, request, undefined, false);
    // A frozen or dead process sends nothing and hears nothing.
    if (invocation.isDead) return new Promise(() => {});
    return this.#calls.wait({ id: ++this.#serial, invocation, service, request }, options);
  }

  /** Goes on until nothing is left to happen, or until `isDone`. */
  async run(isDone: () => boolean, maxSteps: number): Promise<void> {
    for (let steps = 0; ; steps++) {
      await quiet();
      if (this.#violation !== undefined) throw this.#violation;
      if (isDone()) return;
      if (steps > maxSteps) throw new Violation(`no end after ${maxSteps} steps`);
      if (!(await this.#step())) return;
    }
  }

  async #step(): Promise<boolean> {
    const ready = this.#calls.ready();
    if (this.#running.size > 0 && this.fault('kill')) {
      this.#kill(this.random.pick([...this.#running]));
      return true;
    }
    if (this.fault('sweep')) {
      this.onSweep();
      return true;
    }
    const choices = ready.length + this.#deliveries.length;
    if (choices === 0 || this.fault('advanceEarly')) return this.#advance();
    const chosen = this.random.int(choices);
    const call = ready[chosen];
    if (call === undefined) this.#run(chosen - ready.length);
    else await this.#take(call);
    return true;
  }

  #advance(): boolean {
    if (this.#clock.countTimers() === 0) {
      // Whatever is stuck without a timer has nobody left: it may happen now.
      return this.#calls.releaseFirst();
    }
    this.#clock.next();
    return true;
  }

  #run(index: number): void {
    const [delivery] = this.#deliveries.splice(index, 1);
    if (delivery === undefined) throw new RangeError('no such delivery');
    this.note(delivery.label);
    delivery.run();
  }

  #kill(invocation: Invocation): void {
    this.note(`KILL ${invocation.name}#${invocation.id}`);
    invocation.isDead = true;
    this.#running.delete(invocation);
    this.#calls.abandonAllOf(invocation);
    invocation.onKill();
  }

  async #take(call: PendingCall): Promise<void> {
    if (call.isAbandoned) return this.#takeZombie(call);
    if (this.fault('hang')) {
      call.isStuck = true;
      this.note(`${label(call)} hangs`);
      return;
    }
    this.#calls.take(call);
    const trouble = this.#trouble.next(call.service, (kind) => this.fault(kind));
    if (trouble === 'failBefore') {
      this.note(`${label(call)} fails`);
      call.reject(connectionLost());
      return;
    }
    if (trouble === 'throttle') {
      this.note(`${label(call)} throttled`);
      call.resolve(throttledResponse(call.service));
      return;
    }
    if (call.operation.startsWith('POST complete') && this.fault('conflict')) {
      this.#conflict(call.request.path);
    }
    const response = await this.#perform(call.service, call.request, call.invocation, false);
    if (trouble === 'loseAnswer') {
      this.note(`${label(call)} ${response.status}, answer lost`);
      call.reject(connectionLost());
      return;
    }
    this.note(`${label(call)} ${response.status}`);
    call.resolve(response);
  }

  #conflict(path: string): void {
    const [, bucket = '', ...segments] = path.split('?')[0]?.split('/') ?? [];
    const key = decodeURIComponent(segments.join('/'));
    const upload = this.random.chance(0.5) ? 'kept' : 'destroyed';
    if (upload === 'destroyed') this.destroyedAt.add(key);
    // S3 answers 409 to conditional requests only.
    this.#servers.s3.conflictOnComplete({ bucket, key, upload, requests: 'conditional' });
    this.count(`conflict ${upload}`);
  }

  /** A call that nobody waits for: it happens late, or never. */
  async #takeZombie(call: PendingCall): Promise<void> {
    this.#calls.take(call);
    if (this.random.chance(0.4)) {
      this.note(`${label(call)} never happens`);
      return;
    }
    const { status } = await this.#perform(call.service, call.request, call.invocation, true);
    this.count('zombie');
    this.note(`${label(call)} ${status}, late`);
  }

  async #perform(
    service: Service,
    request: WireRequest,
    invocation: Invocation | undefined,
    isLate: boolean,
  ): Promise<WireResponse> {
    const response =
      service === 's3' ? await this.#servers.callS3(request) : this.#servers.table.call(request);
    const operation = operationOf(service, request);
    const performed = { service, operation, request, response, invocation, isLate };
    this.#interleavings.onPerformed(performed, this.#running);
    this.onPerformed(performed);
    return response;
  }

  /** Lambda freezes what still runs, and it wakes up in somebody else's invocation. */
  #noteStrays(invocation: Invocation): void {
    const strays = this.#calls.awaitedBy(invocation);
    if (strays.length > 0) {
      this.fail(`${invocation.name} returned while ${strays.map(label).join(', ')} was under way`);
    }
  }
}
