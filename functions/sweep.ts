import { setMaxListeners } from 'node:events';
import { jobEntry } from '../lib/composition/entry.ts';
import type { Settings } from '../lib/composition/settings.ts';
import { composeSweep, type SweepComposition } from '../lib/composition/sweep-services.ts';
import type { LambdaContext } from '../lib/lambda/handler.ts';
import { expiredSessionOf } from '../lib/session/expired-record.ts';
import type { Receiving } from '../lib/session/session.ts';
import { removeOrphans } from '../lib/upload/orphans.ts';
import type { Budget } from '../lib/upload/services.ts';
import { discardExpired, sweepSession } from '../lib/upload/sweep-session.ts';
import { type WorkedThrough, workThrough } from '../lib/upload/work-through.ts';

/** What one run did; also its log line. */
export interface SweepReport {
  readonly task: 'expired' | 'due' | 'orphans';
  /** Sessions or things taken care of. */
  readonly done: number;
  /** Left for the next run, with an alarm each. */
  readonly failed: number;
  /** Whether the run came to its end; if not, the next one goes on. */
  readonly isWhole: boolean;
}

/** The sweep could not do its work, and Lambda should try it again. */
export class SweepError extends Error {
  override readonly name = 'SweepError';
  readonly code: 'UNKNOWN_EVENT' | 'EXPIRED_SESSIONS_LEFT';

  constructor(code: SweepError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Sessions worked on at once: each of them mostly waits for S3. */
const concurrency = 8;
/** At most, at a time: abort, or complete, beside staging. */
const callsPerSession = 4;
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
 *
 * Rejects with SweepError for another event, and when records are left: the stream gives them once more. What else
 * fails is still due, and the next run's.
 */
export const sweep =
  ({ services, sessions, inventory, buckets, log, metric = () => undefined }: SweepComposition) =>
  async (event: unknown, context: LambdaContext): Promise<SweepReport> => {
    const remainingMs = context.getRemainingTimeInMillis();
    const startedAtMs = services.nowMs();
    const budget: Budget = {
      signal: AbortSignal.timeout(Math.max(0, remainingMs - abortMarginMs)),
      deadlineMs: startedAtMs + remainingMs,
    };
    // Every call listens to it while it runs, and each session may make several at once: no leak to warn of.
    setMaxListeners(concurrency * callsPerSession, budget.signal);
    const mayStart = () =>
      services.nowMs() < Math.max(startedAtMs + remainingMs / 2, budget.deadlineMs - lastStartMs);

    const records = recordsOf(event);
    if (records !== undefined) return sweepExpired(records);
    switch (taskOf(event)) {
      case 'due':
        return sweepDue();
      case 'orphans':
        return sweepOrphans();
      default:
        throw new SweepError(
          'UNKNOWN_EVENT',
          'the sweep knows stream records, {"task": "due"} and {"task": "orphans"}',
        );
    }

    async function sweepExpired(all: readonly unknown[]): Promise<SweepReport> {
      const expired = all.flatMap(readExpired);
      const worked = await each('expired', expired, ({ sessionId }) => sessionId, discard);
      if (worked.failed === 0 && worked.isWhole) return worked;
      throw new SweepError(
        'EXPIRED_SESSIONS_LEFT',
        `${expired.length - worked.done} of ${expired.length} expired sessions are left`,
      );
    }

    /** An image that cannot be read will not be better the next time, and keeps nobody else waiting. */
    function readExpired(record: unknown): readonly Receiving[] {
      try {
        return [expiredSessionOf(record)].filter((session) => session !== undefined);
      } catch (error) {
        services.alarm('a deleted session cannot be read, its bytes are left to the orphan pass', { error });
        return [];
      }
    }

    function discard(session: Receiving): Promise<void> {
      return discardExpired(services, session, budget);
    }

    function sweepDue(): Promise<SweepReport> {
      const due = sessions.dueSessions(Math.floor(startedAtMs / 1000), budget.signal);
      return each(
        'due',
        due,
        (sessionId) => sessionId,
        (sessionId) => sweepSession(services, sessionId, budget),
      );
    }

    async function sweepOrphans(): Promise<SweepReport> {
      const found = await removeOrphans(services, sessions, inventory, buckets, budget);
      metric('OrphanPiecesDeleted', found.piecesDeleted);
      metric('OrphanUploadsAborted', found.uploadsAborted);
      return reported('orphans', {
        done: found.piecesDeleted + found.uploadsAborted,
        failed: found.failed,
        isWhole: !budget.signal.aborted,
      });
    }

    async function each<T>(
      task: SweepReport['task'],
      all: Iterable<T> | AsyncIterable<T>,
      sessionIdOf: (item: T) => string,
      work: (item: T) => Promise<unknown>,
    ): Promise<SweepReport> {
      const worked = await workThrough(all, work, {
        concurrency,
        mayStart,
        onFailure: (item, error) =>
          services.alarm('the sweep failed for a session', { task, session: sessionIdOf(item), error }),
      });
      metric(task === 'due' ? 'DueSessionsSettled' : 'ExpiredSessionsDiscarded', worked.done);
      return reported(task, worked);
    }

    function reported(task: SweepReport['task'], worked: WorkedThrough): SweepReport {
      metric('SweepFailures', worked.failed);
      const report = { task, ...worked };
      log.packet({ ...report, durationMs: services.nowMs() - startedAtMs });
      return report;
    }
  };

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const recordsOf = (event: unknown): readonly unknown[] | undefined =>
  isFields(event) && Array.isArray(event['Records']) ? event['Records'] : undefined;

const taskOf = (event: unknown): unknown => (isFields(event) ? event['task'] : undefined);

export const compose = (settings: Settings) => sweep(composeSweep(settings));

export const handler = jobEntry(compose);
