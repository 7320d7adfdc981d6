import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { deleteExpired, removeRecord } from './time-to-live.ts';

/** When the sweep runs here. AWS deletes expired items within two days, and serverless.yml has the schedules. */
export interface SweepTimes {
  /** Between two looks for expired items. Default a minute. */
  readonly expiredEveryMs?: number;
  /** Between two runs for what is due. Default ten seconds. */
  readonly dueEveryMs?: number;
  /** From the start to the first orphan pass. Default five minutes. */
  readonly orphansAfterMs?: number;
  /** Between two orphan passes. Default six hours. */
  readonly orphansEveryMs?: number;
}

export interface SweeperOptions extends SweepTimes {
  readonly dynamoDbEndpoint: string;
  readonly tableName: string;
  /** Runs the function once; what it rejects with is printed and survived. */
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** Default: a line on standard error. */
  readonly onError?: (task: string, error: unknown) => void;
}

export interface Sweeper {
  /** Lets the run under way finish; none begins any more. */
  stop(): Promise<void>;
}

/** As many records as a function gets at once in AWS, unless told otherwise. */
const recordsPerCall = 100;
/** How often a record is given to the function before it is left to the orphan pass. */
const maxDeliveries = 3;

/** Expired items, due sessions and orphans, each in its time and one after the other: two runs never meet. */
export function startSweeper(options: SweeperOptions): Sweeper {
  const { invoke, onError = printError } = options;
  const expiry = new Expiry(options);
  const { expiredEveryMs = 60_000, dueEveryMs = 10_000 } = options;
  const { orphansAfterMs = 5 * 60_000, orphansEveryMs = 6 * 3_600_000 } = options;
  const jobs: Job[] = [
    { task: 'due', everyMs: dueEveryMs, inMs: dueEveryMs, run: () => invoke({ task: 'due' }) },
    { task: 'expired', everyMs: expiredEveryMs, inMs: expiredEveryMs, run: () => expiry.run() },
    {
      task: 'orphans',
      everyMs: orphansEveryMs,
      inMs: orphansAfterMs,
      run: () => invoke({ task: 'orphans' }),
    },
  ];
  const stopping = new AbortController();
  const ended = work(jobs, onError, stopping.signal).finally(() => expiry.close());
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

interface Job {
  readonly task: string;
  readonly everyMs: number;
  /** To its first run. */
  readonly inMs: number;
  readonly run: () => Promise<unknown>;
}

async function work(
  jobs: readonly Job[],
  onError: (task: string, error: unknown) => void,
  stopping: AbortSignal,
): Promise<void> {
  const startedAtMs = performance.now();
  const plan = jobs.map((job) => ({ job, atMs: startedAtMs + job.inMs }));
  for (;;) {
    const next = plan.reduce((first, other) => (other.atMs < first.atMs ? other : first));
    const waitMs = Math.max(0, next.atMs - performance.now());
    const isStopped = await delay(waitMs, false, { signal: stopping }).catch(() => true);
    if (isStopped) return;
    try {
      await next.job.run();
    } catch (error) {
      onError(next.job.task, error);
    }
    next.atMs = performance.now() + next.job.everyMs;
  }
}

/** Time to live and the stream behind it: a record that the function did not take is given to it again. */
class Expiry {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #invoke: SweeperOptions['invoke'];
  #waiting: readonly { readonly record: unknown; readonly deliveries: number }[] = [];

  constructor({ dynamoDbEndpoint, tableName, invoke }: SweeperOptions) {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    this.#client = new DynamoDBClient({ endpoint: dynamoDbEndpoint, region: 'us-east-1', credentials });
    this.#tableName = tableName;
    this.#invoke = invoke;
  }

  async run(): Promise<void> {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const deleted = await deleteExpired(this.#client, this.#tableName, nowSeconds);
    const records = deleted.map((item) => ({ record: removeRecord(item), deliveries: 0 }));
    const all = [...this.#waiting, ...records];
    this.#waiting = [];
    const failures: unknown[] = [];
    for (let at = 0; at < all.length; at += recordsPerCall) {
      const batch = all.slice(at, at + recordsPerCall);
      try {
        await this.#invoke({ Records: batch.map(({ record }) => record) });
      } catch (error) {
        failures.push(error);
        const again = batch.map(({ record, deliveries }) => ({ record, deliveries: deliveries + 1 }));
        this.#waiting = [...this.#waiting, ...again.filter(({ deliveries }) => deliveries < maxDeliveries)];
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  close(): void {
    this.#client.destroy();
  }
}

function printError(task: string, error: unknown): void {
  console.error(
    `bits-s3: the sweep (${task}) failed: ${error instanceof Error ? error.message : String(error)}`,
  );
}
