import { jobEntry } from '../lib/composition/entry.ts';
import { logOf, type Settings } from '../lib/composition/settings.ts';
import { eventOf } from '../lib/events/event-of.ts';
import type { UploadEvent } from '../lib/events/upload-event.ts';
import type { Log } from '../lib/lambda/log.ts';
import { changeOf } from '../lib/session/stream-record.ts';

/**
 * The enrichment of the pipe from the table's stream to an event bus: records in, events out, in their order; a record
 * that is no event is left out, and an empty answer sends nothing. It decides only; the pipe reads and sends.
 */
export const events =
  (log: Log, nowMs: () => number) =>
  async (records: unknown): Promise<readonly UploadEvent[]> => {
    const told = (Array.isArray(records) ? records : [records]).flatMap((record: unknown) => {
      try {
        const change = changeOf(record);
        return (change && eventOf(change, nowMs())) ?? [];
      } catch (error) {
        // It will not be better the next time, and all that happens behind it waits.
        log.alarm('a change of the session table cannot be read, its event is not sent', { error });
        return [];
      }
    });
    for (const { type, sessionId, id } of told) log.packet({ type, session: sessionId, event: id });
    return told;
  };

export const compose = (settings: Settings) => events(logOf(settings), Date.now);

export const handler = jobEntry(compose);
