import { cancelSession } from '../../functions/cancel-session.ts';
import { closeSession } from '../../functions/close-session.ts';
import { createSession } from '../../functions/create-session.ts';
import { fragment } from '../../functions/fragment.ts';
import { ping } from '../../functions/ping.ts';
import { type SweepReport, sweep } from '../../functions/sweep.ts';
import type { ResolvedDestination } from '../../lib/access/destination.ts';
import { objectTermsOf } from '../../lib/access/object-terms.ts';
import { lambdaFunction, type PacketHandler } from '../../lib/lambda/handler.ts';
import type { Log } from '../../lib/lambda/log.ts';
import { DynamoDBSessionIndex } from '../../lib/session/dynamodb-index.ts';
import { DynamoDBSessionStore } from '../../lib/session/dynamodb-store.ts';
import { S3Inventory } from '../../lib/upload/s3-inventory.ts';
import { S3ObjectStore } from '../../lib/upload/s3-store.ts';
import type { UploadServices } from '../../lib/upload/services.ts';
import { WarmState } from '../../lib/upload/warm.ts';
import {
  eventOf,
  type TestRequest,
  type TestResponse,
  testDestination,
} from '../support/functions-harness.ts';
import { applicationModel, replyTerms } from './application-model.ts';
import type { Invariants } from './invariants.ts';
import type { Invocation } from './invocation.ts';
import { clientOf, type sdkClients } from './sdk.ts';
import { minPartBytes, stagingBucket, table, uploadBucket } from './servers.ts';
import type { Simulation } from './simulation.ts';

export const sessionTimeoutSeconds = 7_200;
export const closeGraceSeconds = 3_600;
export const lifetimeSeconds = 2 * 86_400;

/** What the load balancer answers when a function does not: without any BITS header. */
export const bareBadGateway: TestResponse = { status: 502, reason: 'Bad Gateway', headers: {} };

const deadlineMs = 30_000;

/** Destinations over one bucket: as by default, with overwriting, published at the last fragment; two with an application. */
const destinations: readonly ResolvedDestination[] = [
  { ...testDestination, prefix: '/plain/', keyTemplate: 'plain/{path}' },
  { ...testDestination, prefix: '/over/', keyTemplate: 'over/{path}', allowOverwrites: true },
  { ...testDestination, prefix: '/last/', keyTemplate: 'last/{path}', publishOn: 'last-fragment' as const },
  { ...testDestination, prefix: '/reply/', keyTemplate: 'reply/{path}', reply: replyTerms },
  {
    ...testDestination,
    prefix: '/reply-last/',
    keyTemplate: 'reply-last/{path}',
    reply: replyTerms,
    publishOn: 'last-fragment' as const,
  },
].map((destination) => ({ ...destination, bucket: uploadBucket, sessionTimeoutSeconds }));

const access = { destinations, identities: {} };

/** The real functions over the real stores, each invocation in an execution environment that the seed chooses. */
export class Stage {
  readonly #simulation: Simulation;
  readonly #maxTailPieces: number;
  readonly #clients: ReturnType<typeof sdkClients>;
  readonly #log: Log;
  readonly #invariants: Invariants;
  readonly #environments: { isBusy: boolean; readonly warm: WarmState }[] = [];

  constructor(
    simulation: Simulation,
    clients: ReturnType<typeof sdkClients>,
    maxTailPieces: number,
    invariants: Invariants,
  ) {
    this.#invariants = invariants;
    this.#simulation = simulation;
    this.#clients = clients;
    this.#log = {
      packet: () => {},
      alarm: (what, details) => {
        simulation.note(`alarm: ${what}`);
        simulation.count(`alarm: ${what}`);
        if (what === 'publication unverified') simulation.unverified.add(String(details['session']));
        const isHeld = invariants.isHeldSession(String(details['session']));
        if (/lost/.test(what) && (isHeld || simulation.destroyedAt.size === 0)) simulation.fail(what);
      },
    };
    this.#maxTailPieces = maxTailPieces;
  }

  /** A packet from the load balancer to its function and back. */
  async packet(request: TestRequest): Promise<TestResponse> {
    const type = request.headers?.['BITS-Packet-Type'] ?? 'none';
    const committedBefore = this.#invariants.before(request);
    const session = request.headers?.['BITS-Session-Id']?.slice(1, -1);
    const sessions = session === undefined ? [] : [session];
    const answer = await this.#simulation.invoke(type, sessions, async (invocation) => {
      const environment = this.#environment();
      environment.isBusy = true;
      const run = lambdaFunction(this.#handler(type, this.#servicesOf(invocation), environment.warm), {
        log: this.#log,
        nowMs: () => this.#simulation.nowMs,
      });
      const result = await run(eventOf(request), this.#context());
      environment.isBusy = false;
      return { status: result.statusCode, reason: '', headers: result.headers ?? {} };
    });
    if (answer === undefined) return bareBadGateway;
    this.#invariants.after(request, answer, committedBefore);
    return answer;
  }

  /** One run of the sweep; `undefined` if it was killed or failed. */
  sweep(event: unknown): Promise<SweepReport | undefined> {
    const work = (invocation: Invocation) => {
      const run = sweep({
        services: this.#servicesOf(invocation),
        sessions: new DynamoDBSessionIndex(clientOf(this.#clients.dynamodb, invocation), table),
        inventory: new S3Inventory(clientOf(this.#clients.s3, invocation), stagingBucket),
        buckets: [uploadBucket, stagingBucket],
        log: this.#log,
      });
      return run(event, this.#context());
    };
    return this.#simulation.invoke('Sweep', [], work).catch(() => undefined);
  }

  #servicesOf(invocation: Invocation): UploadServices {
    const simulation = this.#simulation;
    return {
      sessions: new DynamoDBSessionStore(clientOf(this.#clients.dynamodb, invocation), table),
      objects: new S3ObjectStore({
        client: clientOf(this.#clients.s3, invocation),
        stagingBucket,
        objectChecksums: true,
      }),
      stagingBucket,
      timers: {
        lifetimeSeconds,
        emptySessionSeconds: 86_400,
        closeGraceSeconds,
        tombstoneSeconds: 86_400,
        recoverySeconds: 60,
      },
      limits: {
        targetPartBytes: minPartBytes,
        maxPartBytes: 16 * minPartBytes,
        maxParts: 100,
        maxTailPieces: this.#maxTailPieces,
      },
      objectTerms: (destination, originalName) => objectTermsOf([], destination, originalName),
      nowMs: () => simulation.nowMs,
      newAttempt: () => simulation.random.hex(6),
      wait: (durationMs, signal) =>
        new Promise((resolve, reject) => {
          const onAbort = () => reject(signal.reason);
          signal.addEventListener('abort', onAbort);
          setTimeout(() => {
            signal.removeEventListener('abort', onAbort);
            resolve();
          }, durationMs);
        }),
      alarm: this.#log.alarm,
    };
  }

  #context() {
    const endMs = this.#simulation.nowMs + deadlineMs;
    return { getRemainingTimeInMillis: () => endMs - this.#simulation.nowMs };
  }

  /** A free environment, whose memory may be of any age; a killed invocation takes its environment with it. */
  #environment(): { isBusy: boolean; readonly warm: WarmState } {
    const { random, plan } = this.#simulation;
    const free = this.#environments.filter(({ isBusy }) => !isBusy);
    if (free.length > 0 && !random.chance(plan.coldStart)) return random.pick(free);
    const fresh = { isBusy: false, warm: new WarmState(64 * 1024, 1) };
    this.#environments.push(fresh);
    return fresh;
  }

  #handler(type: string, services: UploadServices, warm: WarmState): PacketHandler {
    switch (type) {
      case 'Ping':
        return ping(access);
      case 'Create-Session':
        return createSession(services, access, () => this.#guid());
      case 'Fragment':
        return fragment(services, access, warm, () => applicationModel(this.#simulation, this.#invariants));
      case 'Close-Session':
        return closeSession(services, access);
      case 'Cancel-Session':
        return cancelSession(services, access);
      default:
        throw new RangeError(`no function for ${type}`);
    }
  }

  #guid(): string {
    const digits = this.#simulation.random.hex(16).toUpperCase();
    return [8, 12, 16, 20, 32].map((end, index) => digits.slice([0, 8, 12, 16, 20][index], end)).join('-');
  }
}
