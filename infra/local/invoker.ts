import { randomUUID } from 'node:crypto';

/** The part of Lambda's context object that the functions use. */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly memoryLimitInMB: string;
  getRemainingTimeInMillis(): number;
}

/** A function's handler, composed and ready. */
export type Handler = (event: unknown, context: LambdaContext) => Promise<unknown>;

/** A function as the invoker runs it. */
export interface LocalFunction {
  readonly name: string;
  readonly timeoutMs: number;
  readonly memoryMegabytes: number;
  /** Makes one execution environment: own clients, own caches, shared with no other. */
  readonly compose: () => Handler;
}

type InvokeErrorCode = 'NO_SUCH_FUNCTION' | 'TIMED_OUT';

/** The function could not be run, or did not end in time. */
export class InvokeError extends Error {
  override readonly name = 'InvokeError';
  readonly code: InvokeErrorCode;

  constructor(code: InvokeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface InvokerOptions {
  /** Environments of one function that may run at once; further events wait for one to be free. Default 16. */
  readonly maxEnvironments?: number;
}

/** The longest that any function may run here, whatever it asks for: what a client waits for at all, less a margin. */
export const MAX_TIMEOUT_MS = 240_000;

/**
 * Runs functions in this process the way Lambda does: an environment handles one event at a time, the one used last is
 * used next, another is made when all are busy, and two functions share none. A handler that is still running at
 * its deadline (its own timeout, 240 s at most) is given up: the call rejects with `InvokeError` `TIMED_OUT` and the
 * environment is never used again. Node cannot stop the handler's code, so it may still finish what it began, as a frozen
 * Lambda may too.
 */
export function createInvoker(
  functions: readonly LocalFunction[],
  { maxEnvironments = 16 }: InvokerOptions = {},
): (functionName: string, event: unknown) => Promise<unknown> {
  const pools = new Map(
    functions.map((definition) => [definition.name, new Pool(definition, maxEnvironments)]),
  );
  return async (functionName, event) => {
    const pool = pools.get(functionName);
    if (pool === undefined) {
      throw new InvokeError('NO_SUCH_FUNCTION', `there is no function ${functionName}`);
    }
    return pool.run(event);
  };
}

class Pool {
  readonly #definition: LocalFunction;
  readonly #maxRunning: number;
  readonly #idle: Handler[] = [];
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(definition: LocalFunction, maxRunning: number) {
    this.#definition = definition;
    this.#maxRunning = maxRunning;
  }

  async run(event: unknown): Promise<unknown> {
    if (this.#running >= this.#maxRunning) {
      // Woken by the one that ends, which leaves its place counted as taken: nobody can slip in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      const handler = this.#idle.pop() ?? this.#definition.compose();
      return await this.#runIn(handler, event);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #runIn(handler: Handler, event: unknown): Promise<unknown> {
    const { name, memoryMegabytes } = this.#definition;
    const timeoutMs = Math.min(this.#definition.timeoutMs, MAX_TIMEOUT_MS);
    const deadlineMs = performance.now() + timeoutMs;
    const context: LambdaContext = {
      awsRequestId: randomUUID(),
      functionName: name,
      memoryLimitInMB: String(memoryMegabytes),
      getRemainingTimeInMillis: () => Math.max(0, Math.round(deadlineMs - performance.now())),
    };
    let timer: NodeJS.Timeout | undefined;
    const timedOut = new Promise<never>((_, reject) => {
      const message = `${name} ran for more than ${timeoutMs} ms`;
      timer = setTimeout(() => reject(new InvokeError('TIMED_OUT', message)), timeoutMs);
    });
    try {
      const result = await Promise.race([handler(event, context), timedOut]);
      this.#idle.push(handler);
      return result;
    } catch (error) {
      // Lambda keeps an environment whose handler threw; only one that ran out of time is gone.
      if (!(error instanceof InvokeError)) this.#idle.push(handler);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
