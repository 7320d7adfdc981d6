import {
  type CleanUp,
  type Complete,
  type Entity,
  type Notification,
  type Outcome,
  type Progress,
  type Publishing,
  type Receiving,
  type Reply,
  type Session,
  type SessionBase,
  type Stored,
  type Tombstone,
  uploadIdOf,
} from './session.ts';
import { receivingExpiresAtSeconds, type SessionTimers } from './timers.ts';

/** What a transition needs to know besides the session: who makes it, when, and how long things live. */
export interface Moment {
  readonly attempt: string;
  readonly nowMs: number;
  readonly timers: SessionTimers;
}

const inSeconds = (moment: Moment, seconds: number): number => Math.floor(moment.nowMs / 1000) + seconds;

const cleanUp = (isDone: boolean, moment: Moment): CleanUp =>
  isDone
    ? { pending: false, expiresAtSeconds: inSeconds(moment, moment.timers.tombstoneSeconds) }
    : { pending: true, dueAtSeconds: inSeconds(moment, moment.timers.recoverySeconds) };

const base = (session: Session, moment: Moment): SessionBase => ({
  sessionId: session.sessionId,
  urlHash: session.urlHash,
  principal: session.principal,
  destination: session.destination,
  bucket: session.bucket,
  key: session.key,
  allowOverwrites: session.allowOverwrites,
  publishOn: session.publishOn,
  place: session.place,
  createdAtMs: session.createdAtMs,
  version: session.version + 1,
  attempt: moment.attempt,
});

/** A new session: RECEIVING, nothing accepted yet (K5). */
export const createSession = (
  identity: Omit<SessionBase, 'createdAtMs' | 'version' | 'attempt'>,
  sessionTimeoutSeconds: number,
  moment: Moment,
): Receiving => ({
  ...identity,
  createdAtMs: moment.nowMs,
  version: 1,
  attempt: moment.attempt,
  state: 'receiving',
  progress: undefined,
  expiresAtSeconds: receivingExpiresAtSeconds(
    moment.timers,
    moment.nowMs,
    moment.nowMs,
    Math.min(sessionTimeoutSeconds, moment.timers.emptySessionSeconds),
  ),
});

/** Bytes were stored and the entity is not complete yet (F13). */
export const advance = (
  session: Receiving,
  progress: Progress,
  sessionTimeoutSeconds: number,
  moment: Moment,
): Receiving => ({
  ...base(session, moment),
  state: 'receiving',
  progress,
  expiresAtSeconds: receivingExpiresAtSeconds(
    moment.timers,
    session.createdAtMs,
    moment.nowMs,
    sessionTimeoutSeconds,
  ),
});

/**
 * The last byte is stored: every byte is in a part (F14). The sweep takes over after the grace for a CLOSE, or when the
 * session's own time is over, whichever comes first. There is no grace while a reply application has still to be asked;
 * `replyToken` names the place that it will be offered for its reply.
 */
export const store = (
  session: Receiving,
  entity: Entity,
  closedEmpty: boolean,
  sessionTimeoutSeconds: number,
  moment: Moment,
  replyToken?: string,
): Stored => {
  const endsAtSeconds = receivingExpiresAtSeconds(
    moment.timers,
    session.createdAtMs,
    moment.nowMs,
    sessionTimeoutSeconds,
  );
  const common = { ...base(session, moment), state: 'stored', entity, closedEmpty } as const;
  return replyToken === undefined
    ? {
        ...common,
        notification: undefined,
        dueAtSeconds: Math.min(inSeconds(moment, moment.timers.closeGraceSeconds), endsAtSeconds),
      }
    : {
        ...common,
        notification: { is: 'due', token: replyToken, endsAtSeconds },
        dueAtSeconds: endsAtSeconds,
      };
};

/** What an application's answer comes to. `again`: it failed in a way that passes, and the client will repeat. */
export type NotificationResult =
  | { readonly is: 'answered'; readonly reply: Reply; readonly publish: boolean }
  | { readonly is: 'failed'; readonly status: number; readonly hresult: number }
  | { readonly is: 'again' };

/** A session whose notification is under way, or may be begun. */
export type Notifiable = Stored & { readonly notification: Extract<Notification, { token: string }> };

/** The application is asked from here on, by this attempt alone while the lease runs. */
export const notifying = (session: Notifiable, leaseUntilMs: number, moment: Moment): Stored => {
  const { endsAtSeconds, token } = session.notification;
  return {
    ...session,
    ...base(session, moment),
    notification: { is: 'sent', token, endsAtSeconds, leaseUntilMs },
    dueAtSeconds: Math.max(endsAtSeconds, Math.ceil(leaseUntilMs / 1000) + moment.timers.recoverySeconds),
  };
};

/**
 * The application has answered. A file that it asked for to be published waits for its CLOSE no longer than any other; one
 * that it keeps to itself, or that it could not be told of, stays until the session's end.
 */
export const notified = (session: Notifiable, result: NotificationResult, moment: Moment): Stored => {
  const { endsAtSeconds, token } = session.notification;
  const isToPublish = result.is === 'answered' && result.publish;
  return {
    ...session,
    ...base(session, moment),
    notification: result.is === 'again' ? { is: 'due', token, endsAtSeconds } : { ...result, endsAtSeconds },
    dueAtSeconds: isToPublish
      ? Math.min(inSeconds(moment, moment.timers.closeGraceSeconds), endsAtSeconds)
      : endsAtSeconds,
  };
};

/** Its destination has lost its application before that was heard: nobody is asked any more, and it ends like any other. */
export const withoutApplication = (session: Stored | Publishing): Stored | Publishing =>
  session.notification?.is === 'due' || session.notification?.is === 'sent'
    ? { ...session, notification: undefined }
    : session;

/**
 * The held file is being copied to its destination: `entity` is the upload there, whose parts are copied into it. Where S3
 * has thrown a copy away it is begun again, past the point of no return as well.
 */
export const copying = <S extends Stored | Publishing>(session: S, entity: Entity, moment: Moment): S => ({
  ...session,
  ...base(session, moment),
  place: 'from-holding',
  entity,
});

/** The point of no return: from here on this session is published or refused, never discarded. */
export const stampPublishing = (
  session: Stored | Publishing,
  leaseUntilMs: number,
  moment: Moment,
): Publishing => ({
  ...base(session, moment),
  state: 'publishing',
  entity: session.entity,
  notification: session.notification,
  closedEmpty: session.closedEmpty,
  leaseUntilMs,
  dueAtSeconds: Math.ceil(leaseUntilMs / 1000) + moment.timers.recoverySeconds,
});

/**
 * Published while the client has still to close: a repeated last fragment is answered from here (F7). Its reply is kept
 * until then, or until the session's end.
 */
export const complete = (session: Publishing, stagingIsClean: boolean, moment: Moment): Complete => ({
  ...base(session, moment),
  state: 'complete',
  totalBytes: session.entity.totalBytes,
  notification: session.notification,
  cleanUp:
    session.notification === undefined
      ? cleanUp(stagingIsClean, moment)
      : { pending: true, dueAtSeconds: session.notification.endsAtSeconds },
});

/** The session ends and its staged bytes and upload are still to be discarded; `cleaned` follows. */
export const discard = (
  session: Session,
  outcome: Exclude<Outcome, 'published'>,
  moment: Moment,
): Tombstone => ({
  ...base(session, moment),
  state: 'tombstone',
  outcome,
  uploadId: uploadIdOf(session),
  cleanUp: cleanUp(false, moment),
});

/** The session ends published. `stagingIsClean` tells whether nothing is left for the sweep to delete. */
export const closePublished = (
  session: Publishing | Complete,
  stagingIsClean: boolean,
  moment: Moment,
): Tombstone => ({
  ...base(session, moment),
  state: 'tombstone',
  outcome: 'published',
  uploadId: undefined,
  cleanUp: cleanUp(stagingIsClean, moment),
});

/** Nothing is left behind: what remains of the session may live out its time. */
export const cleaned = (session: Complete | Tombstone, moment: Moment): Complete | Tombstone => {
  const common = { ...base(session, moment), cleanUp: cleanUp(true, moment) };
  return session.state === 'complete'
    ? { ...common, state: session.state, totalBytes: session.totalBytes, notification: session.notification }
    : { ...common, state: session.state, outcome: session.outcome, uploadId: undefined };
};

/** A STORED session that cannot be published yet stays as it is until the sweep looks again. */
export const postpone = <S extends Stored | Publishing>(
  session: S,
  dueAtSeconds: number,
  moment: Moment,
): S => ({
  ...session,
  ...base(session, moment),
  ...(session.state === 'publishing' ? { leaseUntilMs: 0 } : {}),
  dueAtSeconds,
});
