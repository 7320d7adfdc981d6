import { isKeptBack } from '../session/decide-end.ts';
import type { Entity, Outcome, Publishing, Session } from '../session/session.ts';
import type { SessionChange } from '../session/stream-record.ts';
import { isExpired } from '../session/visibility.ts';
import { schemaVersion, type UploadEvent } from './upload-event.ts';

type What = Pick<UploadEvent, 'type' | 'reason'>;

/**
 * The event of one change of a session; `undefined` where nothing has become of the upload by it. The states decide: what
 * leaves a session in its state (a fragment, a lease, a clean-up) is no event, a change that is told twice is the same
 * event twice, and a write whose condition failed has changed nothing and is never told.
 * @param nowMs stands in for the time of a change that does not say it
 */
export const eventOf = ({ before, after, atMs }: SessionChange, nowMs: number): UploadEvent | undefined => {
  const time = atMs ?? nowMs;
  const what = whatOf(before, after, time);
  const session = after ?? before;
  if (what === undefined || session === undefined) return undefined;
  return {
    schemaVersion,
    // Versions count the writes of an item, so none has two; a deletion is what comes after the last.
    id: `${session.sessionId}/${after?.version ?? session.version + 1}`,
    type: what.type,
    time: new Date(time).toISOString(),
    sessionId: session.sessionId,
    createdAt: new Date(session.createdAtMs).toISOString(),
    principal: session.principal,
    destination: session.destination,
    bucket: session.bucket,
    key: session.key,
    // What ends a session also forgets what it was about, and nothing is known of a new one.
    ...(before === undefined ? {} : factsOf(after?.state === 'stored' ? after : before)),
    ...(what.reason === undefined ? {} : { reason: what.reason }),
  };
};

const whatOf = (before: Session | undefined, after: Session | undefined, atMs: number): What | undefined => {
  if (before === undefined) return after?.state === 'receiving' ? { type: 'Upload Created' } : undefined;
  if (after === undefined) {
    // Whoever deletes the item of a session that is not over has no outcome to tell.
    return before.state === 'receiving' && isExpired(before, atMs) ? { type: 'Upload Expired' } : undefined;
  }
  if (isRefusedByApplication(after) && !isRefusedByApplication(before))
    return { type: 'Upload Failed', reason: 'application-refused' };
  if (before.state === after.state) return undefined;
  switch (after.state) {
    case 'receiving':
      return undefined;
    case 'publishing':
      // Published all the same, and told as that in its turn: an acknowledged file is not thrown away.
      return isUnanswered(after) ? { type: 'Upload Failed', reason: 'application-failed' } : undefined;
    case 'stored':
      return { type: 'Upload Received' };
    case 'complete':
      return { type: 'Upload Published' };
    case 'tombstone':
      // What is COMPLETE has been told as published; its tombstone ends the session, not the upload.
      // So has what its application refused: its client's job is over by then, and may close, cancel or do neither.
      return before.state === 'complete' || isRefusedByApplication(before)
        ? undefined
        : endings[after.outcome];
  }
};

const isRefusedByApplication = (session: Session): boolean =>
  session.state === 'stored' && session.notification?.is === 'failed' && isKeptBack(session);

const isUnanswered = ({ notification }: Publishing): boolean =>
  notification !== undefined && notification.is !== 'answered';

const endings: Readonly<Record<Outcome, What | undefined>> = {
  published: { type: 'Upload Published' },
  // The application has it, and was told by its own request.
  answered: undefined,
  cancelled: { type: 'Upload Cancelled' },
  refused: { type: 'Upload Failed', reason: 'destination-taken' },
  early: { type: 'Upload Failed', reason: 'closed-early' },
  lost: { type: 'Upload Failed', reason: 'bytes-lost' },
};

type Facts = Pick<UploadEvent, 'sizeBytes' | 'receivedBytes' | 'crc32' | 'originalName'>;

const factsOf = (session: Session): Facts => {
  switch (session.state) {
    case 'receiving':
      return session.progress === undefined
        ? { receivedBytes: 0 }
        : { sizeBytes: session.progress.layout.totalBytes, receivedBytes: session.progress.next };
    case 'stored':
    case 'publishing':
      return factsOfEntity(session.entity);
    case 'complete':
      return { sizeBytes: session.totalBytes };
    case 'tombstone':
      return {};
  }
};

const factsOfEntity = ({ totalBytes, crc32, originalName }: Entity): Facts => ({
  sizeBytes: totalBytes,
  crc32: crc32InBase64(crc32),
  ...(originalName === undefined ? {} : { originalName }),
});

const crc32InBase64 = (crc32: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32);
  return bytes.toString('base64');
};
