import { describe, expect, it } from 'vitest';
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
import { memoryHarness } from '../support/functions-harness.ts';
import { basicIdentityOf } from '../support/identities.ts';

type Harness = ReturnType<typeof memoryHarness>;

const direct = (harness: Harness, direction: StageDirection): void => {
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
    default:
      throw new Error(`nobody can bring about ${direction.kind} here`);
  }
};

/** The function's answer as ALB sends it, as far as the exchange shows it: ALB writes the length of the empty body. */
const exchange = async (
  harness: Harness,
  { request }: Step,
  sessions: SessionIds,
): Promise<ExchangeResponse> => {
  const bound = bindRequest(request, {
    sessions,
    host: 'bits.example.test',
    targetOf: (name) => `/drop/${name}`,
  });
  const response = await harness.send({
    method: bound.method,
    path: bound.target,
    headers: Object.fromEntries(bound.headers),
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

/** X6 needs a reply application: it comes with those. X10 is for servers without shared storage. */
const replayed = EXCHANGE_NAMES.filter((name) => name !== 'x6-upload-reply');

describe('the worked exchanges, byte for byte', () => {
  for (const name of replayed) {
    it(name, async () => {
      const { setup, steps, outcomes } = await loadExchange(name);
      const harness = memoryHarness();
      const sessions = new SessionIds();
      const expired: string[] = [];
      for (const direction of setup) direct(harness, direction);
      for (const step of steps) {
        for (const direction of step.before) {
          if (direction.kind === 'session-expires') expired.push(...harness.sessions.items.keys());
          direct(harness, direction);
        }
        const actual = await exchange(harness, step, sessions);
        expect(compareAck(step.response, actual, { sessions }), step.id).toEqual([]);
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
    });
  }
});
