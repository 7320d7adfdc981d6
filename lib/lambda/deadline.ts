import { setMaxListeners } from 'node:events';

export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** What one invocation may still use. */
export interface TimeLeft {
  /** Comes shortly before the deadline: whatever still runs must end, because the answer follows. */
  readonly signal: AbortSignal;
  /** When Lambda ends the invocation. */
  readonly deadlineMs: number;
}

/** Work is told to end this long before the deadline … */
const abortMarginMs = 1_500;
/** … and is answered for this long before it, ended or not. */
const answerMarginMs = 750;

/** Work under the deadline of its invocation: rejects when there is no time left to answer otherwise. */
export const beforeDeadline = async <T>(
  context: LambdaContext,
  nowMs: () => number,
  work: (left: TimeLeft) => Promise<T>,
): Promise<T> => {
  const remainingMs = context.getRemainingTimeInMillis();
  const abort = new AbortController();
  // Every call under way listens: twenty pieces read at once are no leak.
  setMaxListeners(0, abort.signal);
  const timers: NodeJS.Timeout[] = [];
  const outOfTime = new Promise<never>((_, reject) => {
    const error = new Error('the invocation is out of time');
    timers.push(setTimeout(() => abort.abort(error), Math.max(0, remainingMs - abortMarginMs)));
    timers.push(setTimeout(() => reject(error), Math.max(0, remainingMs - answerMarginMs)));
  });
  try {
    return await Promise.race([work({ signal: abort.signal, deadlineMs: nowMs() + remainingMs }), outOfTime]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
};
