import { setTimeout as delay } from 'node:timers/promises';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { gap, notFound, ok } from '../expectation.ts';
import { NotRunError } from '../failures.ts';
import { FLAGS } from '../options.ts';
import { entityBytes, type TestSession } from '../test-session.ts';

/** Section 6.6: sessions that nobody used for the session timeout. */
export const expiry: readonly ConformanceCase[] = [
  ...(['Fragment', 'Close-Session', 'Cancel-Session'] as const).map(
    (type): ConformanceCase => ({
      id: `expired-${type.toLowerCase()}`,
      title: `${type} after the session timeout finds no session, also before anything has cleaned up`,
      section: '6.6, 7.1 C10',
      run: async (context) => {
        const session = await context.open();
        await session.fragment([0, 12, 26], ok(13));
        await expire(context, session);
        const request = type === 'Fragment' ? session.fragmentRequest([13, 25, 26]) : session.request(type);
        await context.expect(request, notFound, `${type} after the session timeout`);
      },
    }),
  ),
  {
    id: 'expired-recreate',
    title:
      'after the timeout a new session starts at 0, for a client that keeps its offset and for one that does not',
    section: '6.6, 7.5 F8',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 26], ok(13));
      await expire(context, session);
      await session.fragment([13, 25, 26], notFound);
      const next = await context.open(session.destination);
      await next.fragment([13, 25, 26], gap(0));
      await next.fragment([0, 25, 26], ok(26));
      await next.close(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
];

/** Longest session timeout that is waited for. */
const MAX_WAIT_MS = 60_000;
/** On top of the timeout: clocks of seconds may round up. */
const SLACK_MS = 1_100;

/** Lets a session pass its timeout, by the caller's means or by waiting. Ends the case as not run if neither works. */
export async function expire(context: CaseContext, session: Pick<TestSession, 'id'>): Promise<void> {
  const { expireSession, sessionTimeoutMs } = context.options;
  if (expireSession !== undefined) {
    await expireSession(session.id);
    return;
  }
  if (sessionTimeoutMs === undefined || sessionTimeoutMs > MAX_WAIT_MS) {
    throw new NotRunError(`needs ${FLAGS.sessionTimeoutMs} of at most ${MAX_WAIT_MS / 1000} seconds`);
  }
  await delay(sessionTimeoutMs + SLACK_MS);
}
