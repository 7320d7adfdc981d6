import type { Receiving, Session, Stored } from '../session/session.ts';
import { isNotExpired, versionIs } from '../session/store.ts';
import { advance, store } from '../session/transitions.ts';
import { endAsLost } from './discard.ts';
import { forsake } from './forsake.ts';
import { newReplyToken } from './held.ts';
import { ObjectStoreError } from './object-store.ts';
import { type Budget, momentOf, type UploadServices } from './services.ts';
import { settleAll } from './settle-all.ts';
import { entityOf, type IncomingBytes, type StoredBytes, storeFragment } from './store-fragment.ts';
import type { WarmState } from './warm.ts';

/** The bytes are acknowledged, or the session is another than the one that was decided on: decide again. */
export type Received =
  | { readonly committed: Receiving | Stored }
  | { readonly committed: undefined; readonly current: Session | undefined };

/**
 * Takes the bytes that follow a session's next offset: makes them durable, then moves the offset with one conditional
 * write. Only after it may they be acknowledged [F11, F12].
 * @param beforeCommit what must be so before the offset moves, looked at when the bytes are durable: what takes a ticket takes
 *   none for a fragment that could not be stored. When it rejects, the session stays as it is and the bytes go.
 * @throws when a store did not answer: the write may have happened or not, so nothing is tidied up; a repeat finds out
 */
export const receive = async (
  services: UploadServices,
  warm: WarmState,
  session: Receiving,
  incoming: IncomingBytes,
  sessionTimeoutSeconds: number,
  budget: Budget,
  beforeCommit: () => Promise<void>,
): Promise<Received> => {
  const attempt = services.newAttempt();
  let stored: StoredBytes;
  try {
    [stored] = await settleAll([
      storeFragment(services, warm, session, incoming, attempt, budget),
      deleteGarbage(services, warm, budget),
    ]);
  } catch (error) {
    if (!saysBytesAreGone(error)) throw error;
    const current = await endAsLost(services, session, error.message, budget);
    return { committed: undefined, current };
  }

  try {
    await beforeCommit();
  } catch (error) {
    await forsake(services, stored, session, budget);
    throw error;
  }
  const moment = momentOf(services, attempt);
  const entity = entityOf(stored.progress, incoming.originalName);
  const next =
    entity === undefined
      ? advance(session, stored.progress, sessionTimeoutSeconds, moment)
      : store(session, entity, false, sessionTimeoutSeconds, moment, replyTokenFor(services, session));
  const clauses = [versionIs(session.version), isNotExpired(moment.nowMs)];
  const commit = await services.sessions.write(next, clauses, budget.signal);
  if (!commit.won) {
    await forsake(services, stored, commit.current, budget);
    return { committed: undefined, current: commit.current };
  }
  remember(warm, next, stored);
  // It is in a part by now, or in a piece that was merged.
  if (stored.staged?.bytes !== incoming.body) warm.recycle(incoming.body);
  return { committed: next };
};

/** Only where a reply application will be asked. */
const replyTokenFor = (services: UploadServices, session: Receiving): string | undefined =>
  session.place === 'holding' ? newReplyToken(services) : undefined;

const saysBytesAreGone = (error: unknown): error is ObjectStoreError =>
  error instanceof ObjectStoreError && error.code !== 'UNAVAILABLE';

/** What was staged may be read from memory from now on, and what it replaced may go. */
const remember = (warm: WarmState, next: Receiving | Stored, stored: StoredBytes): void => {
  if (next.state === 'receiving') warm.sessions.set(next.sessionId, next);
  else warm.sessions.delete(next.sessionId);
  warm.addGarbage(stored.replacedKeys);
  if (stored.staged !== undefined) warm.pieces.set(stored.staged.key, stored.staged);
};

/** In the shadow of a store that has to be waited for anyway; what fails here, CLOSE finds in its listing. */
const deleteGarbage = async (
  services: UploadServices,
  warm: WarmState,
  { signal }: Budget,
): Promise<void> => {
  const keys = warm.takeGarbage();
  if (keys.length === 0) return;
  await services.objects
    .deletePieces(keys, signal)
    .catch((error) =>
      services.alarm('replaced pieces were left to the sweep', { count: keys.length, error }),
    );
};
