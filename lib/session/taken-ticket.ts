import type { Item } from './item-attributes.ts';

/** No session has such an id: those are GUIDs. */
const keyPrefix = 'ticket:';

/** The item of a single-use ticket, in the table of the sessions: who took it, and until when that matters. */
export const takenTicketItem = (ticketId: string, sessionId: string, expiresAtSeconds: number): Item => ({
  sessionId: { S: `${keyPrefix}${ticketId}` },
  holder: { S: sessionId },
  expiresAt: { N: `${expiresAtSeconds}` },
});

/** Whether an item of the table is a ticket that was taken, and no session. */
export const isTakenTicket = (item: Item): boolean => item['sessionId']?.S?.startsWith(keyPrefix) === true;
