import { objectTermsOf } from '../../lib/access/object-terms.ts';
import type { Publishing, Session, Stored } from '../../lib/session/session.ts';
import { defaultTimers } from '../../lib/session/timers.ts';
import type { FoundObject, ListedPart } from '../../lib/upload/object-store.ts';
import { s3PartLimits } from '../../lib/upload/parts.ts';
import type { Budget, UploadServices } from '../../lib/upload/services.ts';
import { ScriptedObjects, ScriptedSessions } from './scripted-stores.ts';

const sessionId = '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012';
export const startMs = 1_795_000_000_000;

/** 200 bytes in three parts of 64 and one of 8, every byte in a part. */
export const stored: Stored = {
  sessionId,
  urlHash: 'ab'.repeat(32),
  principal: 'alice',
  destination: '/drop/',
  bucket: 'destination',
  key: 'alpha.txt',
  allowOverwrites: false,
  publishOn: 'close-session',
  place: 'destination',
  createdAtMs: startMs - 60_000,
  version: 7,
  attempt: 'a1a2a3a4a5a6',
  state: 'stored',
  entity: { totalBytes: 200, partBytes: 64, uploadId: 'upload-1', partCount: 4, crc32: 0xcafebabe },
  notification: undefined,
  closedEmpty: false,
  dueAtSeconds: startMs / 1000 + 3_600,
};

/** Stamped by another invocation, which may be at work for another 30 s. */
export const publishing: Publishing = {
  ...stored,
  state: 'publishing',
  version: 8,
  attempt: 'b1b2b3b4b5b6',
  leaseUntilMs: startMs + 30_000,
  dueAtSeconds: startMs / 1000 + 90,
};

export const partsWithTag = (tag: string): readonly ListedPart[] =>
  [64, 64, 64, 8].map((sizeBytes, index) => ({
    number: index + 1,
    sizeBytes,
    etag: `"${tag}-${index + 1}"`,
  }));

export const parts = partsWithTag('first');
export const ours: FoundObject = { sizeBytes: 200, sessionId };
export const anothers: FoundObject = { sizeBytes: 200, sessionId: 'F0000000-7D34-4F6E-9A21-3C8D5E7F9012' };
export const nobody: FoundObject | undefined = undefined;

/** A publication over scripted stores: a clock that only waiting moves, and one log of all calls. */
export const publication = (start: Session = stored) => {
  const log: string[] = [];
  const objects = new ScriptedObjects(parts, ours, log);
  const sessions = new ScriptedSessions(start, log);
  const alarms: { what: string; facts: Readonly<Record<string, unknown>> }[] = [];
  const clock = { nowMs: startMs, waits: 0, onWait: (_waits: number): void => undefined };
  const abort = new AbortController();
  let attempts = 0;
  const services: UploadServices = {
    sessions,
    objects,
    stagingBucket: 'staging',
    timers: defaultTimers,
    limits: { ...s3PartLimits, maxTailPieces: 20 },
    objectTerms: (destination, originalName) => objectTermsOf([], destination, originalName),
    nowMs: () => clock.nowMs,
    newAttempt: () => (++attempts).toString(16).padStart(12, '0'),
    wait: async (durationMs, signal) => {
      signal.throwIfAborted();
      clock.nowMs += durationMs;
      clock.waits += 1;
      clock.onWait(clock.waits);
    },
    alarm: (what, facts) => alarms.push({ what, facts }),
  };
  const budget: Budget = { signal: abort.signal, deadlineMs: startMs + 60_000 };
  return { objects, sessions, services, budget, alarms, clock, log, abort };
};
