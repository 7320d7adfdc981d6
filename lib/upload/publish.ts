import type { Complete, Publishing, Session, Stored, Tombstone } from '../session/session.ts';
import { versionIs } from '../session/store.ts';
import {
  closePublished,
  complete,
  discard,
  stampPublishing,
  withoutApplication,
} from '../session/transitions.ts';
import { completeEntity, isPublished, type Verdict, verifyParts } from './complete-entity.ts';
import { cleanUp, deleteStaging, endAsLost } from './discard.ts';
import { isHeld } from './held.ts';
import { findHeld } from './hold.ts';
import { completeCopy, copyHeld } from './publish-held.ts';
import { type Budget, momentOf, type UploadServices } from './services.ts';
import { settleAll } from './settle-all.ts';

/** Whose packet publishes: a CLOSE also ends the session, everything else leaves it COMPLETE for the CLOSE to come. */
export type Publisher = 'close-session' | 'last-fragment' | 'sweep';

/** Stamped PUBLISHING, and another has the destination: the file is whole, and its bytes are where they were. */
interface Waiting {
  readonly waits: Publishing;
}

/** How soon somebody else's publication is looked at again while it is under way: soon at first, then less often. */
const firstPollMs = 250;
const maxPollMs = 2_000;

/**
 * Brings a STORED session to its end: verify the parts, stamp PUBLISHING (the point of no return, with a lease until
 * this invocation's deadline), complete the object, end the session. Every step may be repeated by anybody: who finds
 * the stamp of another waits for its lease and takes over.
 * @returns the decided session, or `undefined` if its item is gone; for the sweep also one that is still PUBLISHING: its
 *   destination was taken meanwhile, and nothing is decided yet
 * @throws when it could not be decided: the session stays STORED or PUBLISHING, and a repeat carries on
 */
export const publish = async (
  services: UploadServices,
  start: Stored | Publishing,
  publisher: Publisher,
  budget: Budget,
): Promise<Publishing | Complete | Tombstone | undefined> => {
  let session: Session | undefined = start;
  let pollMs = firstPollMs;
  for (;;) {
    budget.signal.throwIfAborted();
    switch (session?.state) {
      case undefined:
      case 'complete':
      case 'tombstone':
        return session;
      case 'receiving':
        throw new Error('a session that is still receiving cannot be published');
      case 'publishing':
        if (session.leaseUntilMs > services.nowMs()) {
          await services.wait(Math.min(pollMs, session.leaseUntilMs - services.nowMs()), budget.signal);
          pollMs = Math.min(pollMs * 2, maxPollMs);
          session = await services.sessions.read(session.sessionId, budget.signal);
          continue;
        }
        break;
      case 'stored':
        if (session !== start && isHeardMeanwhile(start, session, services.nowMs())) {
          throw new Error(
            'the reply application was asked meanwhile: its answer says what becomes of the file',
          );
        }
        break;
    }
    const next = await publishOnce(services, asBegun(start, session), publisher, budget);
    if (next !== undefined && 'waits' in next) return next.waits;
    session = next;
  }
};

/** Who began without asking the application goes on without it, also from a session that somebody else has moved on. */
const asBegun = (start: Stored | Publishing, session: Stored | Publishing): Stored | Publishing =>
  start.notification === undefined ? withoutApplication(session) : session;

/** Whether an application is being asked, or has answered, since somebody decided to publish without. */
const isHeardMeanwhile = (start: Stored | Publishing, { notification }: Stored, nowMs: number): boolean =>
  notification?.is === 'sent'
    ? notification.leaseUntilMs > nowMs
    : (notification?.is === 'answered' || notification?.is === 'failed') &&
      notification.is !== start.notification?.is;

/** One attempt; returns the session as it then is, whoever made it so. */
const publishOnce = async (
  services: UploadServices,
  session: Stored | Publishing,
  publisher: Publisher,
  budget: Budget,
): Promise<Session | Waiting | undefined> => {
  if (session.state === 'stored' && isHeld(session)) {
    const copied = await copyHeld(services, session, budget);
    if (copied !== session) return copied;
  }
  const parts = await verifyParts(services, session, budget);
  if (session.state === 'stored' && !Array.isArray(parts)) {
    // A copy that is gone is begun again under the stamp.
    const file = isHeld(session) ? await findHeld(services, session, budget) : undefined;
    if (file === undefined) return endAsLost(services, session, `the uploaded parts are ${parts}`, budget);
  }
  if (
    parts === 'gone' &&
    waitsForRoom(session) &&
    !isHeld(session) &&
    !(await isPublished(services, session, budget))
  ) {
    // No completion of ours can have used it up.
    return endAsLost(services, session, 'the upload was aborted while the file waited for room', budget);
  }
  let stamped = stampPublishing(session, budget.deadlineMs, momentOf(services));
  const stamp = await services.sessions.write(stamped, [versionIs(session.version)], budget.signal);
  if (!stamp.won) return stamp.current;
  try {
    if (isHeld(stamped)) {
      const onBegun = (begun: Publishing) => {
        stamped = begun;
      };
      const copied = await completeCopy(services, stamped, parts, onBegun, budget);
      if ('current' in copied) return copied.current;
      // A held file and its reply stay to the end.
      return await settle(services, stamped, copied.verdict, publisher, false, budget);
    }
    const [verdict, stagingIsClean] = await settleAll([
      completeEntity(services, stamped, parts, budget),
      // Every byte is in a part now, whatever becomes of the object.
      deleteStaging(services, stamped, budget).then(
        () => true,
        () => false,
      ),
    ]);
    return await settle(services, stamped, verdict, publisher, stagingIsClean, budget);
  } catch (error) {
    await releaseLease(services, stamped, budget);
    throw error;
  }
};

const waitsForRoom = (session: Stored | Publishing): boolean =>
  session.state === 'publishing' && session.leaseUntilMs === 0;

/** Writes the verdict down; what has to be discarded is discarded after that. */
const settle = async (
  services: UploadServices,
  session: Publishing,
  verdict: Verdict,
  publisher: Publisher,
  stagingIsClean: boolean,
  budget: Budget,
): Promise<Session | Waiting | undefined> => {
  // A client hears the refusal; where nobody listens, it is a person's to decide.
  if (verdict.is === 'taken' && publisher === 'sweep' && !session.closedEmpty) return { waits: session };
  if (verdict.is === 'lost' || verdict.is === 'unverified') {
    services.alarm(`publication ${verdict.is}`, { session: session.sessionId, why: verdict.why });
  }
  const ended = endedBy(services, session, verdict, publisher, stagingIsClean);
  const commit = await services.sessions.write(ended, [versionIs(session.version)], budget.signal);
  if (!commit.won) return commit.current;
  return ended.state === 'tombstone' ? cleanUp(services, ended, budget) : ended;
};

const endedBy = (
  services: UploadServices,
  session: Publishing,
  verdict: Verdict,
  publisher: Publisher,
  stagingIsClean: boolean,
): Complete | Tombstone => {
  const moment = momentOf(services);
  switch (verdict.is) {
    case 'taken':
      return discard(session, session.closedEmpty ? 'early' : 'refused', moment);
    case 'lost':
      return discard(session, 'lost', moment);
    case 'published':
    case 'unverified':
      // Nobody is told of a reply that there is none of: with nothing to wait for, the session ends.
      return publisher === 'close-session' || isUnanswered(session)
        ? closePublished(session, stagingIsClean, moment)
        : complete(session, stagingIsClean, moment);
  }
};

const isUnanswered = ({ notification }: Publishing): boolean =>
  notification !== undefined && notification.is !== 'answered';

/** After an orderly failure nobody needs to wait out the lease: every step is safe to repeat at once. */
const releaseLease = async (services: UploadServices, stamped: Publishing, budget: Budget): Promise<void> => {
  const released = stampPublishing(stamped, services.nowMs(), momentOf(services));
  try {
    await services.sessions.write(released, [versionIs(stamped.version)], budget.signal);
  } catch {
    // The lease ends by itself.
    return;
  }
};
