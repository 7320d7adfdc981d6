import type { Exchange, ExchangeName, StageDirection, Step } from '../../exchanges/index.ts';
import { bindRequest, compareAck, EXCHANGE_PREFIX, loadExchange, SessionIds } from '../../exchanges/index.ts';
import { basicAuthorization } from '../../support/bits-client/index.ts';
import type { HttpRequest, HttpResponse } from '../../support/http/message.ts';
import { headerValue } from '../../support/http/message.ts';
import { isAck } from '../ack-rules.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import type { Destination } from '../destination.ts';
import { withHeader } from '../edit-request.ts';
import { ok } from '../expectation.ts';
import { failIf, NotRunError } from '../failures.ts';
import { upload } from './create.ts';
import { expire } from './expiry.ts';

const REPLAYS: readonly (readonly [name: ExchangeName, title: string])[] = [
  ['x1-simple-upload', 'a simple upload'],
  ['x2-basic-authentication', 'Basic authentication negotiated on PING'],
  ['x3-fragment-too-large', 'a fragment above the limit of 16 bytes, then smaller ones'],
  ['x4-lost-acks', 'lost Acks: duplicates, an overlap, the last fragment and CLOSE twice'],
  ['x5-gap', 'a gap, and on from the offset of the Ack'],
  ['x7-cancel', 'CANCEL twice and a stray fragment'],
  ['x8-session-expired', 'a session that is gone, a new one, and the whole file'],
  ['x9-errors', 'errors'],
];

/** Section 15: the worked exchanges, byte for byte but for hosting headers and header order. */
export const exchanges: readonly ConformanceCase[] = REPLAYS.map(([name, title]) => {
  const id = name.slice(0, 2);
  return {
    id: `${id}-replay`,
    title: `worked exchange ${id.toUpperCase()}, byte for byte: ${title}`,
    section: `15 ${id.toUpperCase()}`,
    run: async (context) => replay(context, await loadExchange(name)),
  };
});

/** The suite's own destinations for the names that an exchange uses. */
class Names {
  readonly #destinations = new Map<string, Destination>();
  readonly #context: CaseContext;
  readonly #base: URL;

  constructor(context: CaseContext, base: URL) {
    this.#context = context;
    this.#base = base;
  }

  get(name: string): Destination {
    if (name === '') return { url: this.#base, target: this.#base.pathname };
    const known = this.#destinations.get(name);
    if (known !== undefined) return known;
    const destination = this.#context.destination(this.#base);
    this.#destinations.set(name, destination);
    return destination;
  }

  ofPath(path: string): Destination {
    return this.get(path.slice(EXCHANGE_PREFIX.length));
  }
}

async function replay(context: CaseContext, exchange: Exchange): Promise<void> {
  const needsLogin = exchange.setup.some(({ kind }) => kind === 'credentials');
  const base = needsLogin ? loginUrl(context) : context.options.url;
  const names = new Names(context, base);
  const sessions = new SessionIds();
  let sessionId: string | undefined;
  for (const direction of exchange.setup) await stage(context, direction, names, sessionId);
  for (const step of exchange.steps) {
    for (const direction of step.before) await stage(context, direction, names, sessionId);
    const request = prepare(context, step, names, sessions, needsLogin);
    const response = await context.wire.exchange(request);
    const created = headerValue(response.headers, 'BITS-Protocol') !== undefined;
    if (created) {
      sessionId = headerValue(response.headers, 'BITS-Session-Id') ?? '';
      // The exchange ends its sessions itself; what a failure leaves behind is cancelled.
      if (!needsLogin) context.adopt(names.ofPath(step.request.target), sessionId);
    }
    compareStep(context, step, response, sessions);
  }
  if (needsLogin) return;
  for (const outcome of exchange.outcomes) {
    const destination = names.ofPath(outcome.path);
    if (outcome.kind === 'no-object') await context.expectNoObject(destination);
    else await context.expectObject(destination, Buffer.from(outcome.text));
  }
}

/** Brings about what the exchange takes for granted. */
async function stage(
  context: CaseContext,
  direction: StageDirection,
  names: Names,
  sessionId: string | undefined,
): Promise<void> {
  switch (direction.kind) {
    case 'fragment-limit':
      if (context.options.fragmentLimitBytes !== direction.bytes) {
        throw new NotRunError(
          `needs --fragment-limit ${direction.bytes}; f6-limit proves the same at any limit`,
        );
      }
      return;
    case 'destination-exists':
      await upload(context, names.ofPath(direction.path));
      return;
    case 'session-expires':
      await endSession(context, names, sessionId ?? '');
      return;
    case 'credentials':
    case 'maximum-upload-size':
      // Put into the requests: see `prepare`.
      return;
    case 'reply':
      throw new NotRunError('replies are proved by reply-download');
  }
}

/** On the wire an expired session and a cancelled one look the same to a FRAGMENT. */
async function endSession(context: CaseContext, names: Names, sessionId: string): Promise<void> {
  try {
    await expire(context, { id: sessionId });
  } catch (error) {
    if (!(error instanceof NotRunError)) throw error;
    const destination = names.get('theta.txt');
    const cancel = context.request(destination, { type: 'Cancel-Session', sessionId });
    await context.expect(cancel, ok(), 'CANCEL-SESSION in place of the timeout');
    context.note('the session was ended by CANCEL, not by its timeout');
  }
}

function loginUrl(context: CaseContext): URL {
  context.require('credentials');
  return context.options.authUrl ?? context.options.url;
}

function prepare(
  context: CaseContext,
  step: Step,
  names: Names,
  sessions: SessionIds,
  needsLogin: boolean,
): HttpRequest {
  const bound = bindRequest(step.request, {
    sessions,
    host: context.options.url.host,
    targetOf: (name) => names.get(name).target,
  });
  const { credentials, maxUploadSizeBytes } = context.options;
  const maximum = step.before.find((direction) => direction.kind === 'maximum-upload-size');
  // The Ack says nothing of the limit, so a total beyond every server's stands for the one beyond this limit.
  const total = maxUploadSizeBytes === undefined ? '18446744073709551615' : String(maxUploadSizeBytes + 1);
  const request = maximum === undefined ? bound : withHeader(bound, 'Content-Range', `bytes 13-25/${total}`);
  const isCredentialed = headerValue(request.headers, 'Authorization') !== undefined;
  return credentials !== undefined && (isCredentialed || !needsLogin)
    ? withHeader(request, 'Authorization', basicAuthorization(credentials))
    : request;
}

function compareStep(context: CaseContext, step: Step, response: HttpResponse, sessions: SessionIds): void {
  const bare = step.alternatives.get('front-end');
  if (bare !== undefined && !isAck(response) && response.status === bare.status) {
    context.note(`${step.id}: a front end answered a bare ${response.status}`);
    return;
  }
  const realm = context.options.realm ?? 'uploads';
  const expected = {
    ...step.response,
    headers: step.response.headers.map(
      ([name, value]) =>
        [name, name === 'WWW-Authenticate' ? value.replace('"uploads"', `"${realm}"`) : value] as const,
    ),
  };
  const isHeaderCaseExact = context.options.isHeaderCaseExact ?? true;
  failIf(compareAck(expected, response, { sessions, isHeaderCaseExact }), `${step.id} ${step.title}`);
}
