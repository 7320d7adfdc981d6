import { describe, expect, test } from 'vitest';
import {
  createInvoker,
  type Handler,
  type LambdaContext,
  MAX_TIMEOUT_MS,
} from '../../infra/local/invoker.ts';

const definition = (name: string, compose: () => Handler, timeoutMs = 10_000) => ({
  name,
  timeoutMs,
  memoryMegabytes: 512,
  compose,
});

/** A function each of whose environments counts its own events. */
function counting(name: string) {
  const gates: (() => void)[] = [];
  let environments = 0;
  const compose = (): Handler => {
    const environment = ++environments;
    let events = 0;
    return async (event) => {
      const seen = ++events;
      if (event === 'wait') await new Promise<void>((resolve) => gates.push(resolve));
      return { environment, seen };
    };
  };
  return { definition: definition(name, compose), release: () => gates.shift()?.() };
}

test('an environment is used again, the one used last first', async () => {
  const invoke = createInvoker([counting('a').definition]);
  expect(await invoke('a', '')).toEqual({ environment: 1, seen: 1 });
  expect(await invoke('a', '')).toEqual({ environment: 1, seen: 2 });
});

test('an environment handles one event at a time; another is made when all are busy', async () => {
  const { definition, release } = counting('a');
  const invoke = createInvoker([definition]);
  const first = invoke('a', 'wait');
  const second = invoke('a', '');
  expect(await second).toEqual({ environment: 2, seen: 1 });
  release();
  expect(await first).toEqual({ environment: 1, seen: 1 });
  expect(await invoke('a', '')).toEqual({ environment: 1, seen: 2 });
});

test('two functions share no environment', async () => {
  const composed: string[] = [];
  const make = (name: string) =>
    definition(name, () => {
      composed.push(name);
      return async () => name;
    });
  const invoke = createInvoker([make('a'), make('b')]);
  expect([await invoke('a', ''), await invoke('b', ''), await invoke('a', '')]).toEqual(['a', 'b', 'a']);
  expect(composed).toEqual(['a', 'b']);
});

test('at the limit events wait in line, and no place is lost', async () => {
  const { definition, release } = counting('a');
  const invoke = createInvoker([definition], { maxEnvironments: 1 });
  const running = [invoke('a', 'wait'), invoke('a', 'wait'), invoke('a', '')];
  for (let turn = 0; turn < 2; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    release();
  }
  expect(await Promise.all(running)).toEqual([1, 2, 3].map((seen) => ({ environment: 1, seen })));
});

describe('failures', () => {
  test('a handler that throws is passed on, its environment stays', async () => {
    let events = 0;
    const invoke = createInvoker([
      definition('a', () => async () => {
        if (++events === 1) throw new TypeError('boom');
        return events;
      }),
    ]);
    await expect(invoke('a', '')).rejects.toThrow(TypeError);
    expect(await invoke('a', '')).toBe(2);
  });

  test('a handler past its deadline is given up, and its environment with it', async () => {
    let environments = 0;
    const invoke = createInvoker([
      definition(
        'slow',
        () => {
          const environment = ++environments;
          return (event) => (event === 'hang' ? new Promise(() => {}) : Promise.resolve(environment));
        },
        20,
      ),
    ]);
    await expect(invoke('slow', 'hang')).rejects.toMatchObject({ code: 'TIMED_OUT' });
    expect(await invoke('slow', '')).toBe(2);
  });

  test('a function that cannot be composed fails its event, not the next', async () => {
    let attempts = 0;
    const invoke = createInvoker([
      definition('a', () => {
        if (++attempts === 1) throw new Error('cold start failed');
        return async () => 'ok';
      }),
    ]);
    await expect(invoke('a', '')).rejects.toThrow('cold start failed');
    expect(await invoke('a', '')).toBe('ok');
  });

  test('an unknown function', async () => {
    await expect(createInvoker([])('x', '')).rejects.toMatchObject({ code: 'NO_SUCH_FUNCTION' });
  });
});

test.each([
  [6_000, 6_000],
  [900_000, MAX_TIMEOUT_MS],
])('a timeout of %i ms leaves the handler at most %i ms', async (timeoutMs, most) => {
  const contexts: LambdaContext[] = [];
  const handler: Handler = async (_, context) => {
    contexts.push(context);
    return context.getRemainingTimeInMillis();
  };
  const invoke = createInvoker([definition('a', () => handler, timeoutMs)]);
  const remaining = await invoke('a', '');
  expect(remaining).toBeGreaterThan(0);
  expect(remaining).toBeLessThanOrEqual(most);
  await invoke('a', '');
  expect(contexts).toMatchObject([
    { functionName: 'a', memoryLimitInMB: '512' },
    { functionName: 'a', memoryLimitInMB: '512' },
  ]);
  expect(contexts[0]?.awsRequestId).not.toBe(contexts[1]?.awsRequestId);
});
