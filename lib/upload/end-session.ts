import type { Complete, Outcome, Receiving, Session, Stored } from '../session/session.ts';
import { versionIs } from '../session/store.ts';
import { closePublished, discard } from '../session/transitions.ts';
import { cleanUp } from './discard.ts';
import { type Budget, momentOf, type UploadServices } from './services.ts';

/**
 * Ends a session that has published nothing: first the outcome, so that no fragment can be acknowledged any more, then its
 * bytes are discarded.
 * @returns the session as it then is: somebody else may have been faster
 */
export const discardSession = async (
  services: UploadServices,
  session: Receiving | Stored,
  outcome: Exclude<Outcome, 'published' | 'lost'>,
  budget: Budget,
): Promise<Session | undefined> => {
  const ended = discard(session, outcome, momentOf(services));
  const commit = await services.sessions.write(ended, [versionIs(session.version)], budget.signal);
  return commit.won ? cleanUp(services, ended, budget) : commit.current;
};

/** Ends a published session; its object stays. Returns the session as it then is. */
export const forgetSession = async (
  services: UploadServices,
  session: Complete,
  budget: Budget,
): Promise<Session | undefined> => {
  const ended = closePublished(session, !session.cleanUp.pending, momentOf(services));
  const commit = await services.sessions.write(ended, [versionIs(session.version)], budget.signal);
  return commit.won ? cleanUp(services, ended, budget) : commit.current;
};
