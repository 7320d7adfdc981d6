import type { SessionStore } from '../session/store.ts';
import type { SessionTimers } from '../session/timers.ts';
import type { Moment } from '../session/transitions.ts';
import type { ObjectStore, ObjectTerms } from './object-store.ts';
import type { PartLimits } from './parts.ts';

export interface UploadLimits extends PartLimits {
  /** The most pieces a tail may have: they are named in the session item. */
  readonly maxTailPieces: number;
}

/** What the upload path is made of. Clock, randomness and waiting come from outside, so that a seed can replay a run. */
export interface UploadServices {
  readonly sessions: SessionStore;
  readonly objects: ObjectStore;
  /** The bucket of all pieces, of uploads in holding and of replies. */
  readonly stagingBucket: string;
  readonly timers: SessionTimers;
  readonly limits: UploadLimits;
  /** How a session's object is to be kept, by its destination's prefix and the name of its file. */
  objectTerms(destination: string, originalName: string): ObjectTerms;
  nowMs(): number;
  /** 6 random bytes in hexadecimal. */
  newAttempt(): string;
  wait(durationMs: number, signal: AbortSignal): Promise<void>;
  /** Something a person should look at: acknowledged bytes lost, a publication that could not be verified. */
  alarm(what: string, facts: Readonly<Record<string, unknown>>): void;
}

/** What one invocation may still use: everything is abandoned when the signal comes, shortly before the deadline. */
export interface Budget {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

/** The services on a destination's own terms. */
export const withCloseGrace = (services: UploadServices, closeGraceSeconds: number | null): UploadServices =>
  closeGraceSeconds === null ? services : { ...services, timers: { ...services.timers, closeGraceSeconds } };

/** The moment of one transition: a new attempt, now. */
export const momentOf = (services: UploadServices, attempt: string = services.newAttempt()): Moment => ({
  attempt,
  nowMs: services.nowMs(),
  timers: services.timers,
});
