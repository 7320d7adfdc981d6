import { settleAll } from './settle-all.ts';

/** What became of many pieces of work. */
export interface WorkedThrough {
  readonly done: number;
  /** Each was told to `onFailure`. */
  readonly failed: number;
  /** Whether everything was taken up: `mayStart` may have said no before the end. */
  readonly isWhole: boolean;
}

export interface WorkThroughOptions<T> {
  /** How many are worked on at once. */
  readonly concurrency: number;
  /** Asked before each but the first of a worker. */
  mayStart(): boolean;
  /** One that fails does not keep the others waiting. */
  onFailure(item: T, error: unknown): void;
}

/**
 * Works through everything, some at once. Rejects only when the source itself fails, and not before what was begun has
 * ended: Lambda freezes what still runs when the handler returns.
 */
export const workThrough = async <T>(
  all: Iterable<T> | AsyncIterable<T>,
  work: (item: T) => Promise<unknown>,
  { concurrency, mayStart, onFailure }: WorkThroughOptions<T>,
): Promise<WorkedThrough> => {
  // A generator answers its calls one after the other, so any number of workers may draw from it.
  const source = (async function* () {
    yield* all;
  })();
  let done = 0;
  let failed = 0;
  let isWhole = false;
  const worker = async () => {
    do {
      const next = await source.next();
      if (next.done === true) {
        isWhole = true;
        return;
      }
      try {
        await work(next.value);
        done++;
      } catch (error) {
        failed++;
        onFailure(next.value, error);
      }
    } while (mayStart());
  };
  await settleAll(Array.from({ length: concurrency }, worker));
  return { done, failed, isWhole };
};
