import type { ALBResult } from 'aws-lambda';
import { type Ack, errorAck } from '../protocol/ack.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { BitsRequest } from '../protocol/request.ts';
import { beforeDeadline, type LambdaContext, type TimeLeft } from './deadline.ts';
import { requestFromEvent, usesMultiValueHeaders } from './event.ts';
import type { Log } from './log.ts';
import { packetFacts } from './packet-facts.ts';
import { responseFromAck } from './response.ts';

/** One invocation, as a packet's handler sees it. */
export interface PacketCall extends TimeLeft {
  /** Set as soon as a fragment's session is known: from then on every answer carries it, also a failure. */
  nextOffset: number | undefined;
  /** Set as soon as it is known who is calling; part of the log line. */
  principal: string | undefined;
}

export type PacketHandler = (request: BitsRequest, call: PacketCall) => Promise<Ack>;

export type { LambdaContext } from './deadline.ts';

export type LambdaFunction = (event: unknown, context: LambdaContext) => Promise<ALBResult>;

export interface HandlerOptions {
  readonly log: Log;
  nowMs(): number;
}

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
    if (code === 'UNAVAILABLE') log.alarm('fault', { ...facts, code, error: cause });
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
  const known: Pick<PacketCall, 'nextOffset' | 'principal'> = { nextOffset: undefined, principal: undefined };
  try {
    const ack = await beforeDeadline(context, nowMs, (left) => handle(request, Object.assign(known, left)));
    return { ack, principal: known.principal };
  } catch (cause) {
    const error =
      cause instanceof ProtocolError
        ? cause
        : new ProtocolError('UNAVAILABLE', 'an internal fault', { cause });
    const ack = errorAck(request.headers, error, known.nextOffset);
    return { ack, principal: known.principal, code: error.code, cause };
  }
};

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
