import { describe, expect, it } from 'vitest';
import { reply } from '../../functions/reply.ts';
import { httpFunction } from '../../lib/lambda/http-handler.ts';
import type { ReplyStore } from '../../lib/reply/reply-store.ts';
import {
  bindRequest,
  compareAck,
  EXCHANGE_NAMES,
  type ExchangeResponse,
  loadExchange,
  SessionIds,
  type StageDirection,
  type Step,
} from '../exchanges/index.ts';
import { eventOf } from '../support/functions-harness.ts';
import { basicIdentityOf } from '../support/identities.ts';
import { bodyReply, replyApplication, replyHarness } from './reply-harness.ts';

type Harness = ReturnType<typeof replyHarness>['harness'];

interface Stage extends ReturnType<typeof replyHarness> {
  /** Path of the reply in the exchange → its path here, from the Ack that named it. */
  readonly replyPaths: Map<string, string>;
  /** `https` where the exchange has credentials: over HTTP nobody looks at them. */
  readonly scheme: 'http' | 'https';
}

const direct = ({ harness, script, replyPaths }: Stage, direction: StageDirection): void => {
  const change = (properties: Partial<Harness['destinations'][number]>) => {
    harness.destinations = harness.destinations.map((destination) => ({ ...destination, ...properties }));
  };
  switch (direction.kind) {
    case 'fragment-limit':
      change({ fragmentLimitBytes: direction.bytes });
      return;
    case 'maximum-upload-size':
      change({ maximumUploadBytes: direction.bytes });
      return;
    case 'credentials':
      change({ access: ['basic'] });
      harness.identities = { basic: basicIdentityOf({ [direction.user]: direction.password }) };
      return;
    case 'session-expires':
      harness.nowMs += 1_209_600_000;
      return;
    case 'destination-exists':
      harness.objects.objects.set(`destination/${direction.path.slice('/drop/'.length)}`, {
        body: Buffer.from('somebody else'),
        metadata: undefined,
      });
      return;
    case 'reply':
      change({ reply: replyApplication });
      script.push(bodyReply(direction.text, true));
      replyPaths.set(direction.path, direction.path);
      return;
  }
};

const host = 'bits.example.test';

/** Replies as they lie in staging, tagged and dated as the exchange has them. */
const repliesOf = ({ objects }: Harness): ReplyStore => ({
  find: async (key) => {
    const sizeBytes = objects.pieces.get(key)?.byteLength;
    const written = { etag: '"0b5e2c1a-1"', lastModifiedMs: Date.UTC(2025, 0, 6, 10) };
    return sizeBytes === undefined ? undefined : { ...written, sizeBytes };
  },
  read: async (key, _, { from, end }) => objects.pieces.get(key)?.subarray(from, end) ?? Buffer.alloc(0),
  presign: () => Promise.reject(new Error('no reply of an exchange is large')),
});

/** GET or HEAD of a reply, as ALB answers it: the length is that of the body, which HEAD does not get. */
const fetchReply = async (
  { harness }: Stage,
  method: string,
  path: string,
  headers: Record<string, string>,
) => {
  const access = { destinations: harness.destinations, identities: harness.identities };
  const log = { packet: () => undefined, alarm: () => undefined };
  const composition = {
    sessions: harness.sessions,
    replies: repliesOf(harness),
    access,
    log,
    nowMs: () => harness.nowMs,
  };
  const event = { ...eventOf({ path, headers }), httpMethod: method };
  const serve = httpFunction('Reply', reply(composition), composition);
  const answer = await serve(event, { getRemainingTimeInMillis: () => 30_000 });
  const body = Buffer.from(answer.body ?? '', 'base64');
  return {
    status: answer.statusCode,
    reason: answer.statusDescription?.slice(4) ?? '',
    headers: [
      ...Object.entries(answer.headers ?? {}).map(([name, value]): [string, string] => [name, `${value}`]),
      ['Content-Length', `${body.byteLength}`] as const,
    ],
    body: method === 'HEAD' ? new Uint8Array(0) : body,
  };
};

/** The function's answer as ALB sends it, as far as the exchange shows it: ALB writes the length of the empty body. */
const exchange = async (stage: Stage, { request }: Step, sessions: SessionIds): Promise<ExchangeResponse> => {
  const { harness, replyPaths } = stage;
  const bound = bindRequest(request, { sessions, host, targetOf: (name) => `/drop/${name}` });
  const replyPath = replyPaths.get(bound.target);
  const requestHeaders = Object.fromEntries(bound.headers);
  if (replyPath !== undefined) return fetchReply(stage, bound.method, replyPath, requestHeaders);
  const response = await harness.send({
    method: bound.method,
    path: bound.target,
    headers: { ...requestHeaders, 'X-Forwarded-Proto': stage.scheme },
    body: bound.body,
  });
  const headers = Object.entries(response.headers).map(([name, value]): [string, string] => [
    name,
    `${value}`,
  ]);
  return {
    status: response.status,
    reason: response.reason,
    headers: [...headers, ['Content-Length', '0']],
    body: new Uint8Array(0),
  };
};

/** The reply's URL is the server's to choose: absolute, on its host, nothing to escape. The exchange's stands for it. */
const withWrittenReplyUrl = ({ replyPaths }: Stage, response: ExchangeResponse): ExchangeResponse => ({
  ...response,
  headers: response.headers.map(([name, value]) => {
    const [written] = replyPaths.keys();
    if (name !== 'BITS-Reply-URL' || written === undefined) return [name, value];
    const path = /^http:\/\/bits\.example\.test(\/bits-replies\/[\w-]+\/\w+)$/.exec(value)?.[1];
    if (path === undefined) return [name, value];
    replyPaths.set(written, path);
    return [name, `http://${host}${written}`];
  }),
});

describe('the worked exchanges, byte for byte', () => {
  // X10 is for servers without shared storage.
  for (const name of EXCHANGE_NAMES) {
    it(name, async () => {
      const { setup, steps, outcomes } = await loadExchange(name);
      const scheme = setup.some(({ kind }) => kind === 'credentials') ? 'https' : 'http';
      const stage: Stage = { ...replyHarness({ reply: null }), replyPaths: new Map(), scheme };
      const { harness } = stage;
      const sessions = new SessionIds();
      const expired: string[] = [];
      for (const direction of setup) direct(stage, direction);
      for (const step of steps) {
        for (const direction of step.before) {
          if (direction.kind === 'session-expires') expired.push(...harness.sessions.items.keys());
          direct(stage, direction);
        }
        const actual = withWrittenReplyUrl(stage, await exchange(stage, step, sessions));
        expect(compareAck(step.response, actual, { sessions, isBareFunction: true }), step.id).toEqual([]);
      }
      for (const outcome of outcomes) {
        const object = harness.objects.object('destination', outcome.path.slice('/drop/'.length));
        expect(object?.body.toString()).toBe(outcome.kind === 'object' ? outcome.text : undefined);
      }
      // What a session left that expired under way (X8) is the sweep's.
      const live = [...harness.objects.pieces.keys()].filter(
        (key) => !expired.some((id) => key.startsWith(id)),
      );
      expect(live).toEqual([]);
      expect([...harness.objects.uploads.keys()]).toEqual([]);
      // Closed: there is no reply any more.
      for (const path of stage.replyPaths.values()) {
        for (const method of ['GET', 'HEAD']) {
          expect(await fetchReply(stage, method, path, {})).toMatchObject({ status: 404 });
        }
      }
    });
  }
});
