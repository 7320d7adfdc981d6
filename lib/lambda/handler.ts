import { setMaxListeners } from 'node:events';
import type { ALBResult } from 'aws-lambda';
import { type Ack, errorAck } from '../protocol/ack.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { BitsRequest } from '../protocol/request.ts';
import { requestFromEvent, usesMultiValueHeaders } from './event.ts';
import type { Log } from './log.ts';
import { packetFacts } from './packet-facts.ts';
import { responseFromAck } from './response.ts';

/** One invocation, as a packet's handler sees it. */
export interface PacketCall {
  /** Comes shortly before the deadline: whatever still runs must end, because the answer follows. */
  readonly signal: AbortSignal;
  /** When Lambda ends the invocation. */
  readonly deadlineMs: number;
  /** Set as soon as a fragment's session is known: from then on every answer carries it, also a failure. */
  nextOffset: number | undefined;
  /** Set as soon as it is known who is calling; part of the log line. */
  principal: string | undefined;
}

export type PacketHandler = (request: BitsRequest, call: PacketCall) => Promise<Ack>;

export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

export type LambdaFunction = (event: unknown, context: LambdaContext) => Promise<ALBResult>;

export interface HandlerOptions {
  readonly log: Log;
  nowMs(): number;
}

/** Work is told to end this long before the deadline … */
const abortMarginMs = 1_500;
/** … and is answered for this long before it, ended or not. */
const answerMarginMs = 750;

/**
 * A Lambda function behind an ALB from a packet's handler. It never throws and always answers an Ack: a ProtocolError as
 * its code says, anything else, and a handler that is out of time, as 503 (the client comes back). Writes one log line
 * per packet.
 */
export const lambdaFunction =
  (handle: PacketHandler, { log, nowMs }: HandlerOptions): LambdaFunction =>
  async (event, context) => {
    const startedAtMs = nowMs();
    const request = requestFromEvent(event);
    const { ack, principal, code, cause } = await answer(handle, request, context, nowMs);
    const facts = { ...packetFacts(request, ack, principal), durationMs: Math.round(nowMs() - startedAtMs) };
    if (ack.status === 503) log.alarm('fault', { ...facts, code, error: cause });
    else log.packet({ ...facts, ...(code === undefined ? {} : { code, why: messageOf(cause) }) });
    return responseFromAck(ack, usesMultiValueHeaders(event));
  };

interface Answer {
  readonly ack: Ack;
  readonly principal: string | undefined;
  readonly code?: string;
  readonly cause?: unknown;
}

const answer = async (
  handle: PacketHandler,
  request: BitsRequest,
  context: LambdaContext,
  nowMs: () => number,
): Promise<Answer> => {
  const remainingMs = context.getRemainingTimeInMillis();
  const abort = new AbortController();
  // Every call under way listens: twenty pieces read at once are no leak.
  setMaxListeners(0, abort.signal);
  const call: PacketCall = {
    signal: abort.signal,
    deadlineMs: nowMs() + remainingMs,
    nextOffset: undefined,
    principal: undefined,
  };
  const timers: NodeJS.Timeout[] = [];
  const outOfTime = new Promise<never>((_, reject) => {
    const error = new Error('the invocation is out of time');
    timers.push(setTimeout(() => abort.abort(error), Math.max(0, remainingMs - abortMarginMs)));
    timers.push(setTimeout(() => reject(error), Math.max(0, remainingMs - answerMarginMs)));
  });
  try {
    const ack = await Promise.race([handle(request, call), outOfTime]);
    return { ack, principal: call.principal };
  } catch (cause) {
    const error =
      cause instanceof ProtocolError
        ? cause
        : new ProtocolError('UNAVAILABLE', 'an internal fault', { cause });
    const ack = errorAck(request.headers, error, call.nextOffset);
    return { ack, principal: call.principal, code: error.code, cause };
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
};

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
