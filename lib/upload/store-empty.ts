import type { Receiving, Session } from '../session/session.ts';
import { isNotExpired, versionIs } from '../session/store.ts';
import { discard, store } from '../session/transitions.ts';
import { cleanUp } from './discard.ts';
import { forsake } from './forsake.ts';
import { type Budget, momentOf, type UploadServices } from './services.ts';
import { entityOf, storeFragment } from './store-fragment.ts';
import { WarmState } from './warm.ts';

/**
 * A CLOSE without any fragment before it (Z2): the session becomes a STORED one of zero bytes, to be published like any
 * other. Only where the destination is free, overwriting allowed or not: a lost upload must not empty a good file.
 * @returns the session as it then is: STORED, or ended as a bad request
 */
export const storeEmptyEntity = async (
  services: UploadServices,
  session: Receiving,
  budget: Budget,
): Promise<Session | undefined> => {
  const moment = momentOf(services);
  const clauses = [versionIs(session.version), isNotExpired(moment.nowMs)];
  if ((await services.objects.head(session, budget.signal)) !== undefined) {
    const ended = discard(session, 'early', moment);
    const commit = await services.sessions.write(ended, clauses, budget.signal);
    return commit.won ? cleanUp(services, ended, budget) : commit.current;
  }
  const nothing = { body: new Uint8Array(0), totalBytes: 0, originalName: nameOf(session.key) };
  const stored = await storeFragment(services, new WarmState(0), session, nothing, moment.attempt, budget);
  const entity = entityOf(stored.progress, nothing.originalName);
  if (entity === undefined) throw new Error('an empty entity is complete with its first part');
  // Its CLOSE has come: there is no idle time to wait out.
  const next = store(session, entity, true, services.timers.closeGraceSeconds, moment);
  const commit = await services.sessions.write(next, clauses, budget.signal);
  if (commit.won) return next;
  await forsake(services, stored, commit.current, budget);
  return commit.current;
};

const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);
