import { anonymousPrincipal } from '../protocol/constants.ts';
import type { OpenSessions } from '../session/store.ts';
import type { Budget, UploadServices } from './services.ts';

/** Why a packet is sent away that found no room. */
export const noRoom = 'the principal has no room for another session';

/** What a principal may have open at a time; `null` for no limit. */
export interface OpenLimits {
  readonly sessionsPerPrincipal: number | null;
  readonly openBytesPerPrincipal: number | null;
}

/** What has just ended leaves the index within this time, nearly always; a client that is sent away loses ten minutes. */
const secondLookAfterMs = 500;

/**
 * Check K4: whether there is room for one session more, of `totalBytes` as far as that is known (0 before the first
 * fragment). One query, a second one where the first says no, none where there is no limit. Nothing is reserved before the
 * first fragment is committed: what is begun at the same moment may all be let in.
 * @throws StoreError when it could not be counted, for a limit that load can lift is none
 */
export const hasRoom = async (
  services: UploadServices,
  limits: OpenLimits,
  principal: string,
  totalBytes: number,
  budget: Budget,
): Promise<boolean> => {
  const { sessionsPerPrincipal, openBytesPerPrincipal } = limits;
  if (principal === anonymousPrincipal || (sessionsPerPrincipal === null && openBytesPerPrincipal === null))
    return true;
  const most: OpenSessions = {
    count: sessionsPerPrincipal ?? Number.POSITIVE_INFINITY,
    declaredBytes: openBytesPerPrincipal ?? Number.POSITIVE_INFINITY,
  };
  const isFull = async (): Promise<boolean> => {
    const open = await services.sessions.openSessions(principal, most, budget.signal);
    return open.count + 1 > most.count || open.declaredBytes + totalBytes > most.declaredBytes;
  };
  if (!(await isFull())) return true;
  await services.wait(secondLookAfterMs, budget.signal);
  return !(await isFull());
};
