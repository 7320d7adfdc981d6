import type { HeldFile } from '../upload/hold.ts';
import type { Target } from '../upload/object-store.ts';

/** A finished upload, as an application is told of it. */
export interface Question {
  /** The same at every repetition: what an application recognises one by. */
  readonly sessionId: string;
  /** The upload's URL as the client named it, without what identifies the client. */
  readonly url: URL;
  readonly destination: string;
  readonly principal: string;
  readonly upload: HeldFile & { readonly crc32: number };
  /** Where the application may put its reply, and how long that may be. */
  readonly reply: Target & { readonly maxBytes: number };
}

/** Where the reply is: at the place that was offered, at a URL of the application's, in the answer, or nowhere. */
export type AnsweredReply =
  | { readonly is: 'written' }
  | { readonly is: 'url'; readonly url: string }
  | { readonly is: 'body'; readonly body: AsyncIterable<Uint8Array> }
  | { readonly is: 'none' };

/** `publish`: whether the upload is to appear at its destination. A status other than 200 is all there is to know of it. */
export type Answer =
  | { readonly status: 200; readonly reply: AnsweredReply; readonly publish: boolean }
  | { readonly status: number; readonly reply?: undefined };

/**
 * Asks an application. Gives up when the signal comes, and is not done with the answer's body before that has been read.
 * Rejects with ApplicationError where there was no answer, or none that can be used.
 */
export type Application = (question: Question, signal: AbortSignal) => Promise<Answer>;

export class ApplicationError extends Error {
  override readonly name = 'ApplicationError';
  readonly code:
    | 'INVALID_ANSWER'
    /** No connection, a broken one, a function that failed: it may be there again when the client repeats. */
    | 'UNREACHABLE'
    /** The configuration does not let it be called; a person has to look at it. */
    | 'NOT_ALLOWED';

  constructor(code: ApplicationError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

const maxUrlLength = 2_200;

/**
 * A reply URL that an application gave, fit to be sent to the client as it stands: absolute, at most 2,200 characters, and
 * none that would have to be escaped. Brackets and `#` are such: a client that takes the URL apart loses what follows.
 * @throws ApplicationError INVALID_ANSWER
 */
export const checkedReplyUrl = (url: string): string => {
  const isFit =
    url.length <= maxUrlLength &&
    /^https?:\/\/[\w.~:/?@!$&'()*+,;=%-]+$/i.test(url) &&
    !/%(?![\da-f]{2})/i.test(url) &&
    URL.canParse(url);
  if (isFit) return url;
  throw new ApplicationError('INVALID_ANSWER', 'the reply URL cannot be sent to a client');
};
