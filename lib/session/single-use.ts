import { ProtocolError } from '../protocol/errors.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './store.ts';
import type { SessionTimers } from './timers.ts';

/** A ticket, as far as its single use goes. */
export interface SingleUse {
  readonly singleUseId: string | undefined;
  readonly expiresAtSeconds: number;
}

/**
 * Between storing a session's first bytes and acknowledging them, or before it ends as an empty file without any: a ticket
 * that is good for one upload becomes this session's. Not at its creation, so that a client whose Ack got lost may create another. One write more, for such
 * tickets only; remembered until the last session that the ticket could have begun is over.
 * @throws ProtocolError ACCESS_DENIED when another session has it
 */
export const takeSingleUse = async (
  sessions: SessionStore,
  ticket: SingleUse | undefined,
  { sessionId }: Session,
  { lifetimeSeconds }: SessionTimers,
  signal: AbortSignal,
): Promise<void> => {
  if (ticket?.singleUseId === undefined) return;
  const untilSeconds = ticket.expiresAtSeconds + lifetimeSeconds;
  if (await sessions.takeTicket(ticket.singleUseId, sessionId, untilSeconds, signal)) return;
  throw new ProtocolError('ACCESS_DENIED', 'the ticket is for one upload, and another session has it');
};
