import { jobEntry } from '../lib/composition/entry.ts';
import type { Settings } from '../lib/composition/settings.ts';
import { composeSweep, type SweepComposition } from '../lib/composition/sweep-services.ts';
import type { LambdaContext } from '../lib/lambda/handler.ts';
import { expiredSessionOf } from '../lib/session/expired-record.ts';
import { removeOrphans } from '../lib/upload/orphans.ts';
import type { Budget } from '../lib/upload/services.ts';
import { discardExpired, sweepSession } from '../lib/upload/sweep-session.ts';

/** What one run did; also its log line. */
export interface SweepReport {
  readonly task: 'expired' | 'due' | 'orphans';
  /** Sessions or things taken care of. */
  readonly done: number;
  /** Left for the next run, with an alarm each. */
  readonly failed: number;
}

/** Sessions worked on at once: each of them mostly waits for S3. */
const concurrency = 8;
/** A run stops taking up work this long before its deadline: enough to finish what it has begun. */
const lastStartMs = 60_000;
/** … and abandons what it has not finished this long before it. */
const abortMarginMs = 2_000;

/**
 * The sweep, in three tasks that may all be repeated and raced by anything:
 * - records of the table's stream: sessions that expired; their bytes are discarded;
 * - `{"task": "due"}`, every few minutes: what must not be lost and waits for somebody: files whose CLOSE never came,
 *   publications and clean-ups whose function died;
 * - `{"task": "orphans"}`, every day: what nobody names. This pass is the net under everything else.
 */
export const sweep =
  ({ services, sessions, inventory, buckets, log }: SweepComposition) =>
  async (event: unknown, context: LambdaContext): Promise<SweepReport> => {
    const remainingMs = context.getRemainingTimeInMillis();
    const startedAtMs = services.nowMs();
    const budget: Budget = {
      signal: AbortSignal.timeout(Math.max(0, remainingMs - abortMarginMs)),
      deadlineMs: startedAtMs + remainingMs,
    };
    const mayStart = () =>
      services.nowMs() < Math.max(startedAtMs + remainingMs / 2, budget.deadlineMs - lastStartMs);
    const report = await run();
    log.packet({ ...report, durationMs: services.nowMs() - startedAtMs });
    return report;

    async function run(): Promise<SweepReport> {
      const records = recordsOf(event);
      if (records !== undefined) {
        const expired = records.map(expiredSessionOf).filter((session) => session !== undefined);
        return each('expired', expired, (session) => discardExpired(services, session, budget));
      }
      if (taskOf(event) === 'due') {
        const due = sessions.dueSessions(Math.floor(startedAtMs / 1000), budget.signal);
        return each('due', due, (sessionId) => sweepSession(services, sessionId, budget));
      }
      if (taskOf(event) === 'orphans') {
        const { piecesDeleted, uploadsAborted } = await removeOrphans(
          services,
          sessions,
          inventory,
          buckets,
          budget,
        );
        return { task: 'orphans', done: piecesDeleted + uploadsAborted, failed: 0 };
      }
      throw new Error('the sweep knows stream records, {"task": "due"} and {"task": "orphans"}');
    }

    /** Works through everything, some at once; one that fails does not keep the others waiting. */
    async function each<T>(
      task: SweepReport['task'],
      all: Iterable<T> | AsyncIterable<T>,
      work: (item: T) => Promise<unknown>,
    ): Promise<SweepReport> {
      const source = (async function* () {
        yield* all;
      })();
      let done = 0;
      let failed = 0;
      const worker = async () => {
        for await (const item of { [Symbol.asyncIterator]: () => ({ next: () => source.next() }) }) {
          try {
            await work(item);
            done++;
          } catch (error) {
            failed++;
            services.alarm('the sweep failed for a session', { task, error });
          }
          if (!mayStart()) return;
        }
      };
      await Promise.all(Array.from({ length: concurrency }, worker));
      return { task, done, failed };
    }
  };

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const recordsOf = (event: unknown): readonly unknown[] | undefined =>
  isFields(event) && Array.isArray(event['Records']) ? event['Records'] : undefined;

const taskOf = (event: unknown): unknown => (isFields(event) ? event['task'] : undefined);

export const compose = (settings: Settings) => sweep(composeSweep(settings));

export const handler = jobEntry(compose);
