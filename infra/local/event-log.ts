import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { UploadEvent } from '../../lib/events/upload-event.ts';
import type { StreamRecord } from './table-stream.ts';

/** An event as EventBridge hands it to a consumer. */
export interface DeliveredEvent {
  readonly version: '0';
  /** Of the delivery; `detail.id` is the event's. */
  readonly id: string;
  readonly 'detail-type': UploadEvent['type'];
  readonly source: 'bits-s3.local';
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: UploadEvent;
}

export interface EventLogOptions {
  readonly dataDir: string;
  /** As events say it. */
  readonly region: string;
  /** The function that makes events of records. */
  readonly enrich: (records: readonly StreamRecord[]) => Promise<unknown>;
  readonly onEvent?: (event: DeliveredEvent) => void;
  /** Default: a line on standard error. */
  readonly onError?: (error: unknown) => void;
}

/** One JSON line per event, in the order in which things happened. */
export const EVENT_LOG_FILE = 'events.jsonl';

/**
 * What stands in for pipe and bus: each record goes through the function, each event to `events.jsonl` in the folder.
 * Resolves when it is written, and never rejects: an upload does not fail for its event. Where the process is killed
 * between a write and its line, the line is missing; the pipe would carry on.
 */
export function openEventLog(options: EventLogOptions): (record: StreamRecord) => Promise<void> {
  const { dataDir, region, enrich, onEvent, onError = printError } = options;
  let last: Promise<void> = Promise.resolve();
  const write = async (record: StreamRecord): Promise<void> => {
    try {
      const events = await enrich([record]);
      if (!isEvents(events)) throw new Error('the events function did not answer a list of events');
      const delivered = events.map((detail) => deliveredEvent(detail, region));
      if (delivered.length === 0) return;
      const lines = delivered.map((event) => `${JSON.stringify(event)}\n`).join('');
      await appendFile(join(dataDir, EVENT_LOG_FILE), lines);
      for (const event of delivered) onEvent?.(event);
    } catch (error) {
      onError(error);
    }
  };
  return (record) => {
    last = last.then(() => write(record));
    return last;
  };
}

const isEvents = (value: unknown): value is readonly UploadEvent[] =>
  Array.isArray(value) &&
  value.every((event: unknown) => typeof event === 'object' && event !== null && 'type' in event);

const deliveredEvent = (detail: UploadEvent, region: string): DeliveredEvent => ({
  version: '0',
  id: randomUUID(),
  'detail-type': detail.type,
  source: 'bits-s3.local',
  account: '000000000000',
  time: detail.time,
  region,
  resources: [],
  detail,
});

function printError(error: unknown): void {
  console.error(
    `bits-s3: an event was not written: ${error instanceof Error ? error.message : String(error)}`,
  );
}
