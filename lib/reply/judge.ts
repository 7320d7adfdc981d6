import { HResult, httpErrorHresult } from '../protocol/constants.ts';
import { type ErrorCode, errorRow, ProtocolError } from '../protocol/errors.ts';
import type { Notification } from '../session/session.ts';
import type { NotificationResult } from '../session/transitions.ts';
import { ApplicationError } from './application.ts';
import { isFatalStatus, isPassedOn } from './status.ts';

/** A notification's result, and what the client is told now if that is not success. */
export interface Judged {
  readonly result: NotificationResult;
  readonly error?: ProtocolError;
}

const failed = (status: number, hresult: number, error: ProtocolError): Judged => ({
  result: isFatalStatus(status) ? { is: 'failed', status, hresult } : { is: 'again' },
  error,
});

/**
 * An answer other than 200: the client is told the application's own status, in the name of the application. What is no
 * failure, and what the client would take for its own, is an answer that fails validation.
 */
export const judgeStatus = (status: number): Judged => {
  if (!isPassedOn(status))
    return judgeError('APPLICATION_INVALID_ANSWER', `the application answered ${status}`);
  return failed(status, httpErrorHresult(status), applicationFailed(status, httpErrorHresult(status)));
};

const judgeError = (code: ErrorCode, why: string, cause?: unknown): Judged => {
  const { status, hresult = HResult.E_INVALIDARG } = errorRow(code);
  return failed(status, hresult, new ProtocolError(code, why, { cause }));
};

/** The application was asked and gave no answer, or none that can be used. */
export const judgeFailure = (error: unknown, isTimeout: boolean): Judged => {
  if (isTimeout) return judgeError('APPLICATION_TIMEOUT', 'the application did not answer in time', error);
  if (!(error instanceof ApplicationError)) throw error;
  const code = error.code === 'INVALID_ANSWER' ? 'APPLICATION_INVALID_ANSWER' : 'APPLICATION_FAILED';
  return judgeError(code, error.message, error);
};

const applicationFailed = (status: number, hresult: number) =>
  new ProtocolError('APPLICATION_FAILED', `the application answered ${status}`, {
    answer: { status, hresult },
  });

/** The error of a failure that was written down: the same words for every repetition. */
export const rememberedError = ({
  status,
  hresult,
}: Extract<Notification, { is: 'failed' }>): ProtocolError => applicationFailed(status, hresult);
