import type { LambdaApplication } from '../access/reply-application.ts';
import {
  type Answer,
  type AnsweredReply,
  type Application,
  ApplicationError,
  checkedReplyUrl,
  type Question,
} from './application.ts';

/** What a function answered: its payload, and whether it failed. */
export interface Invoked {
  readonly payload: string;
  readonly isFunctionError: boolean;
}

/** Invokes a function by its ARN and waits for its end. Rejects with ApplicationError. */
export type Invoke = (functionArn: string, payload: string, signal: AbortSignal) => Promise<Invoked>;

/** What fits into a function's answer in base64, with room for the rest of it: 6 MB in all. */
export const maxInlineReplyBytes = 4 * 2 ** 20;

/** The version of event and answer. Fields may be added to it; none changes its meaning. */
const version = 1;

/** An application that is a Lambda function: docs/reply-applications.md has event and answer. */
export const lambdaApplication =
  (application: LambdaApplication, invoke: Invoke): Application =>
  async (question, signal) => {
    const { payload, isFunctionError } = await invoke(
      application.function,
      JSON.stringify(eventOf(question)),
      signal,
    );
    // Its message may hold anything, and the log of the function itself has it.
    if (isFunctionError) throw new ApplicationError('UNREACHABLE', 'the function failed');
    return parseAnswer(payload);
  };

const eventOf = ({ sessionId, url, destination, principal, upload, reply }: Question) => ({
  version,
  sessionId,
  url: url.href,
  destination,
  principal,
  originalName: upload.originalName,
  upload: {
    bucket: upload.bucket,
    key: upload.key,
    size: upload.sizeBytes,
    crc32: upload.crc32.toString(16).padStart(8, '0'),
  },
  reply: {
    bucket: reply.bucket,
    key: reply.key,
    maximumSize: reply.maxBytes,
    maximumInlineSize: Math.min(reply.maxBytes, maxInlineReplyBytes),
  },
});

type Fields = Readonly<Record<string, unknown>>;

const invalid = (why: string) => new ApplicationError('INVALID_ANSWER', `the function's answer: ${why}`);

const fieldsOf = (value: unknown, what: string, known: readonly string[]): Fields => {
  if (!isFields(value)) throw invalid(`${what} is no object`);
  const stranger = Object.keys(value).find((name) => !known.includes(name));
  if (stranger !== undefined) throw invalid(`${what} has an unknown field`);
  return value;
};

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws ApplicationError INVALID_ANSWER */
const parseAnswer = (payload: string): Answer => {
  const {
    refuse,
    reply,
    publish = false,
  } = fieldsOf(parseJson(payload), 'it', ['refuse', 'reply', 'publish']);
  if (refuse !== undefined) {
    const { status } = fieldsOf(refuse, 'refuse', ['status']);
    if (reply !== undefined || publish !== false) throw invalid('a refusal neither replies nor publishes');
    if (typeof status !== 'number' || !Number.isInteger(status) || status < 400 || status > 599)
      throw invalid('refuse.status is no status of 400 to 599');
    return { status };
  }
  if (typeof publish !== 'boolean') throw invalid('publish is neither true nor false');
  return { status: 200, publish, reply: reply === undefined ? { is: 'none' } : parseReply(reply) };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // The cause would quote the answer, which may hold anything.
    throw new ApplicationError('INVALID_ANSWER', "the function's answer is not JSON");
  }
};

const parseReply = (value: unknown): AnsweredReply => {
  const reply = fieldsOf(value, 'reply', ['body', 'text', 'written', 'url']);
  if (Object.keys(reply).length !== 1) throw invalid('reply has not exactly one of body, text, written, url');
  const { body, text, written, url } = reply;
  if (written === true) return { is: 'written' };
  if (typeof url === 'string') return { is: 'url', url: checkedReplyUrl(url) };
  if (typeof text === 'string') return inline(Buffer.from(text, 'utf8'));
  if (typeof body !== 'string' || !/^[A-Za-z\d+/]*={0,2}$/.test(body) || body.length % 4 !== 0)
    throw invalid('reply.body is not base64, or another field of it is of the wrong type');
  return inline(Buffer.from(body, 'base64'));
};

const inline = (bytes: Buffer): AnsweredReply => {
  if (bytes.byteLength > maxInlineReplyBytes) {
    throw invalid(`an inline reply of more than ${maxInlineReplyBytes} bytes`);
  }
  return {
    is: 'body',
    body: (async function* () {
      yield bytes;
    })(),
  };
};
