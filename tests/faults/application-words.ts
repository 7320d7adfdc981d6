/** What an application says to a session: always the same, however often it is asked. */
export const replyTo = (sessionId: string): string => `the reply to ${sessionId}`;

/** It keeps a quarter of the files to itself, and refuses a few. */
export const isKept = (sessionId: string): boolean => sessionId[0] !== undefined && sessionId[0] < '4';
export const isRefused = (sessionId: string): boolean => sessionId.startsWith('F');
