import type { ProtocolError } from '../protocol/errors.ts';
import type { Session, Stored } from '../session/session.ts';
import { versionIs } from '../session/store.ts';
import { type Notifiable, notified, notifying } from '../session/transitions.ts';
import { endAsLost } from '../upload/discard.ts';
import { newReplyToken, replyKey } from '../upload/held.ts';
import { completeHold, type HeldFile } from '../upload/hold.ts';
import { awaitNotification } from '../upload/notification.ts';
import { type Budget, momentOf, type UploadServices } from '../upload/services.ts';
import { type AnsweredReply, type Application, ApplicationError, type Question } from './application.ts';
import { type Judged, judgeFailure, judgeStatus } from './judge.ts';
import { writeReply } from './write-reply.ts';

/** The application of one destination, and what the request that asks it brings along. */
export interface Notifier {
  readonly application: Application;
  readonly timeoutMs: number;
  readonly maximumReplyBytes: number;
  /** As the client named it, without what identifies the client. */
  readonly url: URL;
}

/** What is left of an invocation after the application's time: to write the result down. */
const settleMarginMs = 8_000;

/**
 * Has the application of a STORED session asked, by this invocation, or by another whose lease still runs. A result that
 * stands is written down and repeated from then on; who dies in between leaves a lease that ends, and the application is
 * asked again. So it is told at least once, and knows a repetition by the session's id.
 * @returns the session as it then is: answered, failed for good, or moved on
 * @throws ProtocolError APPLICATION_* for a failure that passes: the client repeats its last fragment
 */
export const notify = async (
  services: UploadServices,
  start: Stored,
  notifier: Notifier,
  budget: Budget,
): Promise<Session | undefined> => {
  let session: Session | undefined = start;
  for (;;) {
    if (session?.state === 'stored') session = await awaitNotification(services, session, budget);
    if (session === undefined || !isNotifiable(session)) return session;
    session = await notifyOnce(services, session, notifier, budget);
  }
};

const isNotifiable = (session: Session): session is Notifiable =>
  session.state === 'stored' && (session.notification?.is === 'due' || session.notification?.is === 'sent');

const notifyOnce = async (
  services: UploadServices,
  session: Notifiable,
  notifier: Notifier,
  budget: Budget,
): Promise<Session | undefined> => {
  const sent = notifying(session, budget.deadlineMs, momentOf(services));
  const lease = await services.sessions.write(sent, [versionIs(session.version)], budget.signal);
  if (!lease.won) return lease.current;
  const { after, error } = await attempt(services, session, sent, notifier, budget).catch(
    async (fault: unknown) => {
      await releaseLease(services, session, sent, budget);
      throw fault;
    },
  );
  if (error !== undefined) throw error;
  return after;
};

/** Under the lease: the held file, the question, the result. What it throws is a fault of ours, and nothing is decided. */
const attempt = async (
  services: UploadServices,
  session: Notifiable,
  sent: Stored,
  notifier: Notifier,
  budget: Budget,
): Promise<{ readonly after: Session | undefined; readonly error?: ProtocolError | undefined }> => {
  const file = await completeHold(services, sent, budget);
  if (file === undefined) return { after: await endAsLost(services, sent, 'the held file is gone', budget) };
  const timeLeftMs = budget.deadlineMs - services.nowMs() - settleMarginMs;
  if (timeLeftMs <= 0) throw new Error('too little time is left to ask an application');
  const timeoutMs = Math.min(notifier.timeoutMs, timeLeftMs);
  const { result, error } = await ask(services, session, file, notifier, timeoutMs, budget);
  if (error !== undefined && isWorthALook(error)) {
    const { sessionId, destination } = session;
    services.alarm('a reply application failed', { session: sessionId, destination, error });
  }
  const after = notified({ ...sent, notification: session.notification }, result, momentOf(services));
  const commit = await services.sessions.write(after, [versionIs(sent.version)], budget.signal);
  return commit.won ? { after, error } : { after: commit.current };
};

/** 403 is the application's word on the upload. Everything else may be a mistake, as 404 is where its path is wrong. */
const isWorthALook = ({ answer }: ProtocolError): boolean => answer?.status !== 403;

/** Asks, and takes the reply in. Rejects only for faults of our own. */
const ask = async (
  services: UploadServices,
  session: Notifiable,
  file: HeldFile,
  notifier: Notifier,
  timeoutMs: number,
  budget: Budget,
): Promise<Judged> => {
  const { sessionId, destination, principal, entity, notification } = session;
  const question: Question = {
    sessionId,
    url: notifier.url,
    destination,
    principal,
    upload: { ...file, crc32: entity.crc32 },
    reply: {
      bucket: services.stagingBucket,
      key: replyKey(sessionId, notification.token),
      maxBytes: notifier.maximumReplyBytes,
    },
  };
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error('the application is out of time')), timeoutMs);
  try {
    const signal = AbortSignal.any([budget.signal, timeout.signal]);
    const answer = await notifier.application(question, signal);
    if (answer.reply === undefined) return judgeStatus(answer.status);
    const reply = await takeReply(services, question, notification.token, answer.reply, budget);
    return { result: { is: 'answered', reply, publish: answer.publish } };
  } catch (error) {
    budget.signal.throwIfAborted();
    return judgeFailure(error, timeout.signal.aborted);
  } finally {
    clearTimeout(timer);
  }
};

/** Where the client will find the reply. There always is one to be found: an application that wrote none wrote an empty one. */
const takeReply = async (
  services: UploadServices,
  question: Question,
  offered: string,
  reply: AnsweredReply,
  budget: Budget,
): Promise<{ readonly token: string } | { readonly url: string }> => {
  const { objects } = services;
  switch (reply.is) {
    case 'url':
      return { url: reply.url };
    case 'body':
      return { token: await writeReply(services, question, reply.body, budget) };
    case 'written': {
      const found = await objects.head(question.reply, budget.signal);
      if (found !== undefined && found.sizeBytes > question.reply.maxBytes) {
        throw new ApplicationError('INVALID_ANSWER', `the reply has ${found.sizeBytes} bytes`);
      }
      if (found !== undefined) return { token: offered };
      break;
    }
    case 'none':
      break;
  }
  const token = newReplyToken(services);
  await objects.putPiece(replyKey(question.sessionId, token), new Uint8Array(0), budget.signal);
  return { token };
};

/** After a fault of ours nobody needs to wait out the lease. A result that was written down has another version. */
const releaseLease = async (
  services: UploadServices,
  before: Notifiable,
  sent: Stored,
  budget: Budget,
): Promise<void> => {
  const released = notified(
    { ...sent, notification: before.notification },
    { is: 'again' },
    momentOf(services),
  );
  try {
    await services.sessions.write(released, [versionIs(sent.version)], budget.signal);
  } catch {
    // The lease ends by itself.
    return;
  }
};
