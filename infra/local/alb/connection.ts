import type { Socket } from 'node:net';
import { type AnswerContext, noSuchRoute, refusal, serialize } from './answers.ts';
import type { BodyMemory } from './body-memory.ts';
import { ByteSource } from './byte-source.ts';
import { InputEnded, RequestRefused } from './errors.ts';
import type { EventOptions } from './lambda-event.ts';
import { type Answer, fromLambdaResponse } from './lambda-response.ts';
import type { FrontDoorLimits } from './limits.ts';
import { framingOf, type OversizeMode, readBody } from './request-body.ts';
import { type RequestHead, readRequestHead, valuesOf } from './request-head.ts';
import type { Router } from './routing.ts';

/** One line of the front door's log, in the manner of a load balancer's access log. */
export interface AccessRecord {
  readonly atEpochMs: number;
  /** Absent when the request could not be read that far. */
  readonly head?: RequestHead;
  readonly bodyBytes: number;
  /** Absent when no function was asked. */
  readonly functionName?: string;
  readonly status: number;
  readonly answerHeaders: Answer['headers'];
  readonly durationMs: number;
  /** Present when the front door made the answer itself. */
  readonly errorReason?: string;
  /** What a function threw, or what was wrong with its response. */
  readonly cause?: unknown;
}

/** What a connection needs from the front door that it belongs to. */
export interface ConnectionContext {
  readonly limits: FrontDoorLimits;
  readonly memory: BodyMemory;
  readonly route: Router;
  readonly now: () => number;
  /**
   * Makes the event of a request, or throws `RequestRefused`; what it returns runs the function on it. The body is used again
   * afterwards: no view of it may be kept.
   */
  readonly prepare: (head: RequestHead, body: Buffer, options: EventOptions) => () => Promise<unknown>;
  readonly oversizeMode: () => OversizeMode;
  readonly onAnswer: (record: AccessRecord) => void;
}

interface Outcome {
  readonly answer: Answer;
  readonly closes: boolean;
  readonly head?: RequestHead;
  readonly bodyBytes?: number;
  readonly functionName?: string;
  readonly errorReason?: string;
  readonly cause?: unknown;
}

const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

/** One client connection: requests are read, answered and only then followed by the next, in order. */
export class Connection {
  readonly #socket: Socket;
  readonly #source: ByteSource;
  readonly #context: ConnectionContext;
  #busy = false;
  #stopping = false;

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket;
    this.#source = new ByteSource(socket);
    this.#context = context;
  }

  /** Serves until the client, an error or `stop` ends it. Never rejects for anything that a client can do. */
  async serve(): Promise<void> {
    try {
      while (await this.#serveOne());
      await this.#closeGently();
    } catch (error) {
      if (!(error instanceof InputEnded)) throw error;
      if (error.code === 'ended' || error.code === 'stopping') this.#socket.end();
    } finally {
      this.#socket.destroySoon();
    }
  }

  /** Finishes the request that is under way, if there is one, and then closes. */
  stop(): void {
    this.#stopping = true;
    if (!this.#busy) this.#source.stop();
  }

  /** Closes now, whatever is under way. */
  abort(): void {
    this.#socket.destroy();
  }

  /** Returns whether the connection stays open for another request. */
  async #serveOne(): Promise<boolean> {
    const { limits, now, onAnswer } = this.#context;
    this.#busy = false;
    this.#source.allowSilence(limits.keepAliveTimeoutMs);
    await this.#source.ready();
    this.#busy = true;
    this.#source.allowSilence(limits.idleTimeoutMs);

    const atEpochMs = now();
    const startMs = performance.now();
    const { closes, ...outcome } = await this.#answerOf();
    const keepAlive = !closes && !this.#stopping;
    const method = outcome.head?.method ?? 'GET';
    await this.#send(outcome.answer, { method, keepAlive, nowEpochMs: now() });
    const { answer, ...known } = outcome;
    onAnswer({
      bodyBytes: 0,
      ...known,
      atEpochMs,
      status: answer.status,
      answerHeaders: answer.headers,
      durationMs: performance.now() - startMs,
    });
    // Requests that a vanished client had pipelined behind this one are not run.
    return keepAlive && !this.#socket.destroyed;
  }

  async #answerOf(): Promise<Outcome> {
    let head: RequestHead | undefined;
    try {
      head = await readRequestHead(this.#source, this.#context.limits);
      return await this.#answerTo(head);
    } catch (error) {
      const known = head === undefined ? {} : { head };
      if (error instanceof RequestRefused) {
        return { ...known, answer: refusal(error.status), closes: true, errorReason: error.code };
      }
      if (error instanceof InputEnded && error.code === 'idle') {
        return { ...known, answer: refusal(408), closes: true, errorReason: 'RequestTimeout' };
      }
      throw error;
    }
  }

  async #answerTo(head: RequestHead): Promise<Outcome> {
    if (head.method === 'TRACE') throw new RequestRefused(405, 'MethodNotAllowed', 'TRACE');
    const isWebSocket = valuesOf(head, 'upgrade').some((value) => value.toLowerCase() === 'websocket');
    if (isWebSocket) throw new RequestRefused(400, 'WebSocket', 'functions cannot serve WebSockets');

    const { limits, memory } = this.#context;
    const outcome = await readBody(this.#source, framingOf(head), {
      limits,
      memory,
      oversizeMode: this.#context.oversizeMode,
      beforeBody: () => {
        if (expectsContinue(head) && !this.#source.hasBytes) this.#socket.write(CONTINUE);
      },
    });
    if ('oversize' in outcome) {
      const closes = outcome.oversize === 'early' || endsConnection(head);
      return { head, answer: refusal(413), closes, errorReason: 'LambdaRequestTooLarge' };
    }
    const known = { head, bodyBytes: outcome.body.length, closes: endsConnection(head) };
    const functionName = this.#context.route(head);
    if (functionName === undefined) return { ...known, answer: noSuchRoute() };
    return { ...known, functionName, ...(await this.#answerFrom(functionName, head, outcome.body)) };
  }

  /** Asks the function. A function that throws or answers nonsense is 502, and the connection stays. */
  async #answerFrom(
    functionName: string,
    head: RequestHead,
    body: Buffer,
  ): Promise<Pick<Outcome, 'answer' | 'errorReason' | 'cause'>> {
    const { limits, memory, now, prepare } = this.#context;
    const caller = {
      address: (this.#socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
      port: this.#socket.localPort ?? 0,
    };
    const { maxForwardedForEntries } = limits;
    const ask = prepare(head, body, { functionName, caller, maxForwardedForEntries, now });
    memory.give(body);
    try {
      return { answer: fromLambdaResponse(await ask(), limits) };
    } catch (cause) {
      const errorReason = cause instanceof RequestRefused ? cause.code : 'LambdaUnhandled';
      return { answer: refusal(502), errorReason, cause };
    }
  }

  /** Resolves when the answer has left for the kernel, so that a client that never reads cannot fill our memory. */
  async #send(answer: Answer, context: AnswerContext): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || socket.write(serialize(answer, context))) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        for (const name of ['drain', 'close', 'timeout'] as const) socket.off(name, done);
        resolve();
      };
      for (const name of ['drain', 'close', 'timeout'] as const) socket.on(name, done);
    });
    if (socket.writableNeedDrain) socket.destroy();
  }

  /**
   * Ends our half, then reads and throws away what the client still sends, for a bounded while: closing at once would
   * reset the connection, and the reset can overtake the answer.
   */
  async #closeGently(): Promise<void> {
    const { lingerTimeoutMs, lingerMaxBytes } = this.#context.limits;
    this.#busy = false;
    this.#socket.end();
    const deadline = setTimeout(() => this.#socket.destroy(), lingerTimeoutMs);
    try {
      for (let leftBytes = lingerMaxBytes; leftBytes > 0; ) {
        leftBytes -= (await this.#source.readSome(leftBytes)).length;
      }
    } finally {
      clearTimeout(deadline);
    }
  }
}

function expectsContinue(head: RequestHead): boolean {
  const expectations = valuesOf(head, 'expect').map((value) => value.toLowerCase());
  return head.version === '1.1' && expectations.includes('100-continue');
}

function endsConnection(head: RequestHead): boolean {
  const options = valuesOf(head, 'connection').flatMap((value) =>
    value
      .toLowerCase()
      .split(',')
      .map((option) => option.trim()),
  );
  // An empty header value is "ambiguous" to the load balancer: let through, and the connection is closed behind it.
  if (options.includes('close') || head.headers.some(({ value }) => value === '')) return true;
  return head.version === '1.0' && !options.includes('keep-alive');
}
