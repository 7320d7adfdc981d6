import { STATUS_CODES } from 'node:http';
import type { ALBResult } from 'aws-lambda';
import { errorRow, ProtocolError } from '../protocol/errors.ts';
import type { BitsRequest } from '../protocol/request.ts';
import { beforeDeadline, type LambdaContext, type TimeLeft } from './deadline.ts';
import { requestFromEvent, usesMultiValueHeaders } from './event.ts';
import type { HandlerOptions, LambdaFunction } from './handler.ts';
import type { Facts } from './log.ts';

/** An answer in plain HTTP, to what is no packet. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** At most 700,000 bytes: in base64 it has to fit into the megabyte that the load balancer takes. */
  readonly body: Uint8Array;
}

/** One invocation, as the handler sees it. */
export interface HttpCall extends TimeLeft {
  /** What the log line is to say besides method, status and time. */
  facts: Facts;
}

export type HttpHandler = (request: BitsRequest, call: HttpCall) => Promise<HttpAnswer>;

/**
 * A Lambda function behind an ALB from a handler of plain requests. It never throws: a ProtocolError has its status, whatever
 * else is thrown is 503. Writes one log line per request, which holds nothing of the URL but what the handler says.
 */
export const httpFunction =
  (type: string, handle: HttpHandler, { log, nowMs }: HandlerOptions): LambdaFunction =>
  async (event, context) => {
    const startedAtMs = nowMs();
    const request = requestFromEvent(event);
    const call: Pick<HttpCall, 'facts'> = { facts: {} };
    const { answer, cause } = await answered(request, call, handle, context, nowMs);
    const facts = {
      type,
      method: request.method,
      ...call.facts,
      status: answer.status,
      bytes: answer.body.byteLength,
      durationMs: Math.round(nowMs() - startedAtMs),
    };
    if (cause === undefined) log.packet(facts);
    else log.alarm('fault', { ...facts, error: cause });
    return responseOf(answer, usesMultiValueHeaders(event));
  };

const answered = async (
  request: BitsRequest,
  call: Pick<HttpCall, 'facts'>,
  handle: HttpHandler,
  context: LambdaContext,
  nowMs: () => number,
): Promise<{ readonly answer: HttpAnswer; readonly cause?: unknown }> => {
  try {
    const answer = await beforeDeadline(context, nowMs, (left) => handle(request, Object.assign(call, left)));
    return { answer };
  } catch (cause) {
    const body = new Uint8Array(0);
    return cause instanceof ProtocolError
      ? { answer: { status: errorRow(cause.code).status, headers: cause.headers, body } }
      : { answer: { status: 503, headers: {}, body }, cause };
  }
};

/** `Content-Length` is ALB's to write, from the body: that of a HEAD too, which therefore has the body of its GET. */
const responseOf = ({ status, headers, body }: HttpAnswer, multiValueHeaders: boolean): ALBResult => ({
  statusCode: status,
  statusDescription: `${status} ${STATUS_CODES[status] ?? ''}`.trim(),
  isBase64Encoded: true,
  ...(multiValueHeaders
    ? {
        multiValueHeaders: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, [value]]),
        ),
      }
    : { headers: { ...headers } }),
  body: Buffer.from(body).toString('base64'),
});
