import { cancelSession } from '../../functions/cancel-session.ts';
import { closeSession } from '../../functions/close-session.ts';
import { createSession, newSessionId } from '../../functions/create-session.ts';
import { fragment } from '../../functions/fragment.ts';
import { ping } from '../../functions/ping.ts';
import { unknownPacket } from '../../functions/unknown-packet.ts';
import type { Access } from '../../lib/access/admit.ts';
import type { ResolvedDestination } from '../../lib/access/destination.ts';
import { objectTermsOf } from '../../lib/access/object-terms.ts';
import { type LambdaFunction, lambdaFunction, type PacketHandler } from '../../lib/lambda/handler.ts';
import type { Facts } from '../../lib/lambda/log.ts';
import type { Applications } from '../../lib/reply/request.ts';
import type { SessionStore } from '../../lib/session/store.ts';
import { defaultTimers, type SessionTimers } from '../../lib/session/timers.ts';
import type { ObjectStore } from '../../lib/upload/object-store.ts';
import { s3PartLimits } from '../../lib/upload/parts.ts';
import type { UploadLimits, UploadServices } from '../../lib/upload/services.ts';
import { WarmState } from '../../lib/upload/warm.ts';
import { MemoryObjectStore } from './memory-object-store.ts';
import { MemorySessionStore } from './memory-session-store.ts';
import { secretFree } from './secret-free.ts';

/** Objects as their bucket has them. */
export const plainObjects = {
  storageClass: null,
  encryption: null,
  tags: {},
  metadata: {},
  contentTypes: {},
} as const;

/** The one destination of a test, unless it says otherwise. */
export const testDestination: ResolvedDestination = {
  prefix: '/drop/',
  bucket: 'destination',
  keyTemplate: '{path}',
  maximumUploadBytes: 80 * 2 ** 30,
  fragmentLimitBytes: 1_000_000,
  allowOverwrites: false,
  sessionsPerPrincipal: null,
  openBytesPerPrincipal: null,
  sessionTimeoutSeconds: 1_209_600,
  fileNames: { allowedNames: null, deniedNames: null },
  closeGraceSeconds: null,
  publishOn: 'close-session',
  enabled: true,
  access: ['none'],
  principalFrom: null,
  allow: null,
  objects: plainObjects,
  reply: null,
};

export interface HarnessOptions<S extends SessionStore, O extends ObjectStore> {
  readonly sessions: S;
  readonly objects: O;
  readonly destination?: Partial<ResolvedDestination>;
  /** None: enough for `access: none`. */
  readonly identities?: Access<ResolvedDestination>['identities'];
  readonly certificateTargetGroups?: string;
  readonly isHttpAllowed?: boolean;
  readonly limits?: Partial<UploadLimits>;
  readonly timers?: Partial<SessionTimers>;
  readonly nextSessionId?: () => string;
  /** How the destination's reply application is reached. */
  readonly applications?: Applications;
  readonly remainingMs?: number;
  /** Shared by environments that live at the same time; the harness's own otherwise. */
  readonly clock?: TestClock;
}

/** Stands still until a test moves it. */
export interface TestClock {
  nowMs: number;
}

/** A request as a test writes it. */
export interface TestRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array;
  /** Came by the listener that verifies certificates, whose target groups hand over every copy of a header: those of the subject. */
  readonly certificateSubjects?: readonly string[];
}

export interface TestResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** For tests of destinations without one. */
export const noApplications: Applications = () => {
  throw new Error('this test has no application');
};

type FunctionName = 'ping' | 'create' | 'fragment' | 'close' | 'cancel' | 'unknown';

/** Counts on over all harnesses: two environments never draw the same attempt, as random ones never do. */
let attempts = 0;

/** The six functions over any stores, called with ALB events and a clock that stands still until a test moves it. */
export class FunctionsHarness<S extends SessionStore, O extends ObjectStore> {
  readonly sessions: S;
  readonly objects: O;
  readonly alarms: { what: string; facts: Facts }[] = [];
  readonly packets: Facts[] = [];
  destinations: readonly ResolvedDestination[];
  identities: Access<ResolvedDestination>['identities'];
  readonly services: UploadServices;
  readonly clock: TestClock;
  #warm = new WarmState(64 * 2 ** 20, 1);
  readonly #options: HarnessOptions<S, O>;
  readonly #log = secretFree({
    packet: (facts) => this.packets.push(facts),
    alarm: (what, facts) => this.alarms.push({ what, facts }),
  });

  constructor(options: HarnessOptions<S, O>) {
    this.#options = options;
    this.sessions = options.sessions;
    this.objects = options.objects;
    this.clock = options.clock ?? { nowMs: Date.UTC(2026, 10, 22, 12, 0, 0) };
    this.destinations = [{ ...testDestination, ...options.destination }];
    this.identities = options.identities ?? {};
    this.services = {
      sessions: options.sessions,
      objects: options.objects,
      stagingBucket: 'staging',
      timers: { ...defaultTimers, ...options.timers },
      limits: { ...s3PartLimits, maxTailPieces: 20, ...options.limits },
      objectTerms: (destination, originalName) => objectTermsOf(this.destinations, destination, originalName),
      nowMs: () => this.nowMs,
      newAttempt: () => (++attempts).toString(16).padStart(12, '0'),
      wait: async (durationMs) => {
        this.nowMs += durationMs;
      },
      alarm: (what, facts) => this.#log.alarm(what, facts),
    };
  }

  get nowMs(): number {
    return this.clock.nowMs;
  }

  set nowMs(nowMs: number) {
    this.clock.nowMs = nowMs;
  }

  /** Another execution environment: the same stores, clock and destinations, a warm state of its own. */
  anotherEnvironment(): FunctionsHarness<S, O> {
    const other = new FunctionsHarness({ ...this.#options, clock: this.clock });
    other.destinations = this.destinations;
    return other;
  }

  /** As if the next packet met another execution environment. */
  coldStart(): void {
    this.#warm = new WarmState(64 * 2 ** 20, 1);
  }

  /** The function as Lambda would call it. */
  lambda(name: FunctionName): LambdaFunction {
    return lambdaFunction(this.#handler(name), {
      log: this.#log,
      nowMs: () => this.nowMs,
    });
  }

  /** Sends a packet to the function that the load balancer's rules would choose by its type. */
  async send(request: TestRequest): Promise<TestResponse> {
    const type = request.headers?.['BITS-Packet-Type']?.toLowerCase() ?? '';
    return this.call(routes.get(type) ?? 'unknown', listenedEventOf(request));
  }

  /** Calls one function with an event as it stands. */
  async call(name: FunctionName, event: unknown): Promise<TestResponse> {
    const remainingMs = this.#options.remainingMs ?? 60_000;
    const result = await this.lambda(name)(event, { getRemainingTimeInMillis: () => remainingMs });
    const reason = result.statusDescription?.slice(4) ?? '';
    const multiple = Object.entries(result.multiValueHeaders ?? {});
    const headers =
      result.headers ?? Object.fromEntries(multiple.map(([name, values]) => [name, values.join()]));
    return { status: result.statusCode, reason, headers };
  }

  #handler(name: FunctionName): PacketHandler {
    const { services } = this;
    const { certificateTargetGroups, isHttpAllowed } = this.#options;
    const { destinations, identities } = this;
    const access = { destinations, identities, certificateTargetGroups, isHttpAllowed };
    switch (name) {
      case 'ping':
        return ping(access);
      case 'create':
        return createSession(services, access, this.#options.nextSessionId ?? newSessionId);
      case 'fragment':
        return fragment(services, access, this.#warm, this.#options.applications ?? noApplications);
      case 'close':
        return closeSession(services, access);
      case 'cancel':
        return cancelSession(services, access);
      case 'unknown':
        return unknownPacket(access);
    }
  }
}

const routes: ReadonlyMap<string, FunctionName> = new Map([
  ['ping', 'ping'],
  ['create-session', 'create'],
  ['fragment', 'fragment'],
  ['close-session', 'close'],
  ['cancel-session', 'cancel'],
]);

/** A harness over memory stores. */
export const memoryHarness = (
  options: Partial<HarnessOptions<MemorySessionStore, MemoryObjectStore>> = {},
): FunctionsHarness<MemorySessionStore, MemoryObjectStore> =>
  new FunctionsHarness({ sessions: new MemorySessionStore(), objects: new MemoryObjectStore(), ...options });

/** What the names of the target groups behind the listener that verifies certificates begin with. */
export const certificateTargetGroups = 'mtls-test-';

const targetGroupArn = (name: string) =>
  `arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/${name}/1`;

/** The same, by whichever listener the request came. */
export const listenedEventOf = (request: TestRequest) => {
  const { certificateSubjects } = request;
  const event = eventOf(request);
  if (certificateSubjects === undefined) return event;
  const { headers, queryStringParameters, ...others } = event;
  const listed = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]));
  return {
    ...others,
    requestContext: { elb: { targetGroupArn: targetGroupArn(`${certificateTargetGroups}any`) } },
    multiValueQueryStringParameters: listed(queryStringParameters),
    multiValueHeaders: { ...listed(headers), 'x-amzn-mtls-clientcert-subject': certificateSubjects },
  };
};

/** The event that ALB makes of a request: lower-case names, a body without content type in base64. */
export const eventOf = ({
  method = 'BITS_POST',
  path = '/drop/file.bin',
  headers = {},
  body,
}: TestRequest) => {
  const [rawPath = '', query] = path.split('?');
  const sent: Record<string, string> = {
    host: 'bits.example.test',
    'x-forwarded-proto': 'https',
    'content-length': `${body?.byteLength ?? 0}`,
  };
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) delete sent[name.toLowerCase()];
    else sent[name.toLowerCase()] = value;
  }
  const parameters = (query ?? '').split('&').filter((pair) => pair !== '');
  return {
    requestContext: { elb: { targetGroupArn: targetGroupArn('x') } },
    httpMethod: method,
    path: rawPath,
    queryStringParameters: Object.fromEntries(
      parameters.map((pair) => [pair.split('=')[0], pair.split('=').slice(1).join('=')]),
    ),
    headers: sent,
    body: body === undefined ? '' : Buffer.from(body).toString('base64'),
    isBase64Encoded: body !== undefined,
  };
};
