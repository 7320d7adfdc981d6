import { type Clock, install as installFakeTimers } from '@sinonjs/fake-timers';
import type { Invocation } from './invocation.ts';
import { connectionLost, label, operationOf, type PendingCall, throttledResponse } from './pending-call.ts';
import type { FaultPlan } from './plan.ts';
import type { Random } from './random.ts';
import type { CarryOptions, Service } from './sdk.ts';
import type { Servers } from './servers.ts';
import type { WireRequest, WireResponse } from './wire.ts';

/** The clock of a run: `uninstall` gives the process its own back. */
export type VirtualClock = Clock & { uninstall(): void };

/** Something between clients and the load balancer that is on its way. */
export interface Delivery {
  readonly label: string;
  run(): void;
}

/** A broken promise of the design. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export interface PerformedCall {
  readonly service: Service;
  readonly operation: string;
  readonly request: WireRequest;
  readonly response: WireResponse;
}

/** What was drawn how often, for the summary of a run. */
export type Tally = Map<string, number>;

/** What goes wrong with a call that is carried out, or not, at once. */
const callFaults = ['failBefore', 'throttle', 'loseAnswer'] as const;
type CallFault = (typeof callFaults)[number];

// Taken before the clock is faked: real turns of the event loop are how promises between two calls get done.
const realImmediate = setImmediate;
const turnsToQuiet = 4;

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
  /** Starts a sweep, when the seed asks for one. */
  onSweep: () => void = () => {};
  faultsLeft: number;
  faultsDrawn = 0;
  /** Keys at which S3 has thrown acknowledged parts away, as it may after a 409: then a file may end as lost. */
  readonly destroyedAt = new Set<string>();
  readonly #servers: Servers;
  readonly #clock: VirtualClock;
  readonly #calls: PendingCall[] = [];
  readonly #deliveries: Delivery[] = [];
  readonly #running = new Set<Invocation>();
  /** What goes wrong with the coming calls to a service: trouble rarely ends with the call that met it. */
  readonly #episodes = new Map<Service, { readonly kind: CallFault; left: number }>();
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
  }

  static installClock(nowMs: number): VirtualClock {
    return installFakeTimers({ now: nowMs, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
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
    this.#episodes.clear();
    for (const call of this.#calls) call.isStuck = false;
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

  /** Runs a function as one invocation; resolves with its answer, or `undefined` if it is killed first. */
  invoke<R>(name: string, work: (invocation: Invocation) => Promise<R>): Promise<R | undefined> {
    return new Promise((resolve, reject) => {
      const invocation: Invocation = {
        id: ++this.#serial,
        name,
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
    if (invocation === undefined) return this.#perform(service, request);
    return new Promise((resolve, reject) => {
      // A frozen or dead process sends nothing and hears nothing.
      if (invocation.isDead) return;
      const call: PendingCall = {
        id: ++this.#serial,
        invocation,
        service,
        operation: operationOf(service, request),
        request,
        isAbandoned: false,
        isStuck: false,
        resolve: (response) => settle(() => resolve(response)),
        reject: (error) => settle(() => reject(error)),
      };
      const abandon = (name: string) => {
        if (call.isAbandoned || !this.#calls.includes(call)) return;
        call.reject(Object.assign(new Error(name), { name }));
        call.isAbandoned = true;
        this.note(`${label(call)} abandoned: ${name}`);
      };
      const timer = setTimeout(() => abandon('TimeoutError'), options.timeoutMs ?? 60_000);
      const onAbort = () => abandon('AbortError');
      const settle = (then: () => void) => {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', onAbort);
        if (!invocation.isDead && !call.isAbandoned) then();
      };
      this.#calls.push(call);
      if (options.signal?.aborted === true) onAbort();
      else options.signal?.addEventListener('abort', onAbort);
    });
  }

  /** Goes on until nothing is left to happen, or until `isDone`. */
  async run(isDone: () => boolean, maxSteps: number): Promise<void> {
    for (let steps = 0; ; steps++) {
      await this.#quiet();
      if (this.#violation !== undefined) throw this.#violation;
      if (isDone()) return;
      if (steps > maxSteps) throw new Violation(`no end after ${maxSteps} steps`);
      if (!(await this.#step())) return;
    }
  }

  async #step(): Promise<boolean> {
    const ready = this.#calls.filter((call) => !call.isStuck || call.isAbandoned);
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
      const stuck = this.#calls.find((call) => call.isStuck);
      if (stuck !== undefined) stuck.isStuck = false;
      return stuck !== undefined;
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
    for (const call of this.#calls) if (call.invocation === invocation) call.isAbandoned = true;
    invocation.onKill();
  }

  async #take(call: PendingCall): Promise<void> {
    if (call.isAbandoned) return this.#takeZombie(call);
    if (this.fault('hang')) {
      call.isStuck = true;
      this.note(`${label(call)} hangs`);
      return;
    }
    this.#calls.splice(this.#calls.indexOf(call), 1);
    const trouble = this.#trouble(call.service);
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
    const response = await this.#perform(call.service, call.request);
    if (trouble === 'loseAnswer') {
      this.note(`${label(call)} ${response.status}, answer lost`);
      call.reject(connectionLost());
      return;
    }
    this.note(`${label(call)} ${response.status}`);
    call.resolve(response);
  }

  /** What goes wrong with a call: what went wrong with the one before, for a few calls, or something new. */
  #trouble(service: Service): CallFault | undefined {
    const episode = this.#episodes.get(service);
    if (episode !== undefined) {
      if (--episode.left <= 0) this.#episodes.delete(service);
      return episode.kind;
    }
    const kind = callFaults.find((one) => this.fault(one));
    if (kind === undefined) return undefined;
    const left = kind === 'throttle' || this.random.chance(0.3) ? this.random.int(4) : 0;
    if (left > 0) this.#episodes.set(service, { kind, left });
    return kind;
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
    this.#calls.splice(this.#calls.indexOf(call), 1);
    if (this.random.chance(0.4)) {
      this.note(`${label(call)} never happens`);
      return;
    }
    const { status } = await this.#perform(call.service, call.request);
    this.count('zombie');
    this.note(`${label(call)} ${status}, late`);
  }

  async #perform(service: Service, request: WireRequest): Promise<WireResponse> {
    const response =
      service === 's3' ? await this.#servers.callS3(request) : this.#servers.table.call(request);
    this.onPerformed({ service, operation: operationOf(service, request), request, response });
    return response;
  }

  /** Lambda freezes what still runs, and it wakes up in somebody else's invocation. */
  #noteStrays(invocation: Invocation): void {
    const strays = this.#calls.filter((call) => call.invocation === invocation && !call.isAbandoned);
    if (strays.length > 0) {
      this.fail(`${invocation.name} returned while ${strays.map(label).join(', ')} was under way`);
    }
  }

  /**
   * Everything has come to its next call, delivery or timer. Files are the one thing that takes real time: how long a disk
   * needs must not decide what the seed chooses from.
   */
  async #quiet(): Promise<void> {
    do {
      for (let turn = 0; turn < turnsToQuiet; turn++) await new Promise((resolve) => realImmediate(resolve));
    } while (process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq')));
  }
}
