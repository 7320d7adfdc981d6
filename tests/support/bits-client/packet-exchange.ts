import type { HttpResponse } from '../http/message.ts';
import { readAck } from './ack.ts';
import { Authentication } from './authentication.ts';
import { HostRoute } from './host-route.ts';
import { BitsSuspendedError, jobError } from './job-error.ts';
import type { BitsUploadOptions, OutgoingPacket } from './options.ts';
import { type PacketFields, type PacketType, packetRequest } from './packet.ts';
import { sendAsAsked } from './packet-sender.ts';
import { jobErrorOf, type Outcome, type Reaction, react } from './reaction.ts';
import type { Settings } from './settings.ts';
import { type Transport, TransportError } from './transport.ts';

/** The part of a packet that the state machine decides; the rest comes from the job's settings. */
export interface PacketParts {
  readonly type: PacketType;
  readonly sessionId?: string | undefined;
  readonly range?: PacketFields['range'];
  /** Content-Range of an empty file, which no range can express. */
  readonly rangeText?: string | undefined;
  readonly body?: Uint8Array | undefined;
}

/** Sends the packets of one job: numbering, hooks, credentials, host; answers with what the client has to do. */
export class PacketExchange {
  readonly authentication: Authentication;
  readonly route: HostRoute;
  #packets = 0;
  #retries = 0;
  #lastProgressMs: number;
  readonly #settings: Settings;
  readonly #transport: Transport;

  constructor(settings: Settings, transport: Transport, options: BitsUploadOptions) {
    this.#settings = settings;
    this.#transport = transport;
    this.authentication = new Authentication(options.credentials, options.credentialUse ?? 'challenged-once');
    this.route = new HostRoute(settings.url, settings.clock);
    this.#lastProgressMs = settings.clock.nowMs();
  }

  get packets(): number {
    return this.#packets;
  }

  get retries(): number {
    return this.#retries;
  }

  /** Sends one packet, once more with credentials if it is challenged, and reads the reaction table. */
  async perform(parts: PacketParts, signal: AbortSignal | undefined): Promise<Reaction> {
    const reaction = await this.#attempt(parts, false, signal);
    if (reaction.kind !== 'authenticate') return reaction;
    if (!this.authentication.accept(reaction.ack)) return fail(parts.type, reaction);
    const second = await this.#attempt(parts, true, signal);
    return second.kind === 'authenticate' ? fail(parts.type, second) : second;
  }

  /** Progress starts the no-progress timer again. */
  noteProgress(): void {
    this.#lastProgressMs = this.#settings.clock.nowMs();
  }

  /** Waits the retry delay. Rejects with BG_E_NO_PROGRESS when the job has waited long enough. */
  async wait(reason: string, signal: AbortSignal | undefined): Promise<void> {
    const { clock, noProgressTimeoutMs, retryDelayMs } = this.#settings;
    if (clock.nowMs() - this.#lastProgressMs >= noProgressTimeoutMs) {
      throw jobError('BG_E_NO_PROGRESS', 'transport', `no progress for ${noProgressTimeoutMs} ms; ${reason}`);
    }
    await this.pause(reason, retryDelayMs, signal);
  }

  /** Waits `delayMs`; rejects with BitsSuspendedError when the job is suspended meanwhile. */
  async pause(reason: string, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    this.#retries++;
    this.#settings.onEvent({ kind: 'retry', reason, delayMs });
    try {
      await this.#settings.clock.sleep(delayMs, signal);
    } catch (error) {
      if (signal?.aborted === true) throw new BitsSuspendedError('suspended while waiting', { cause: error });
      throw error;
    }
  }

  async #attempt(
    parts: PacketParts,
    isChallengeAnswer: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Reaction> {
    if (signal?.aborted === true) throw new BitsSuspendedError('suspended');
    const packet: OutgoingPacket = { type: parts.type, number: ++this.#packets, range: parts.range };
    const outcome = await this.#send(packet, parts, isChallengeAnswer, signal);
    if (outcome.kind === 'no-answer') {
      if (this.route.onFailure(outcome.error)) {
        this.#settings.onEvent({ kind: 'host', host: this.route.host });
      }
    } else {
      this.route.onAnswer();
    }
    return react(parts.type, outcome, this.#settings);
  }

  async #send(
    packet: OutgoingPacket,
    parts: PacketParts,
    isChallengeAnswer: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    const request = this.#request(parts, isChallengeAnswer);
    const action = this.#settings.onPacket(packet) ?? { kind: 'send' };
    this.#settings.onEvent({ kind: 'packet', packet, bodyBytes: request.body.length });
    const read = (response: HttpResponse) => readAck(packet.type, response);
    try {
      const response = await sendAsAsked(this.#transport, this.route.origin, request, action, {
        signal,
        onResponse: (each) => this.#settings.onEvent({ kind: 'answer', packet, answer: read(each) }),
      });
      return { kind: 'answer', answer: read(response) };
    } catch (error) {
      if (signal?.aborted === true) throw new BitsSuspendedError('suspended', { cause: error });
      if (error instanceof TransportError) return { kind: 'no-answer', error };
      throw error;
    }
  }

  #request(parts: PacketParts, isChallengeAnswer: boolean) {
    const { contentName, contentNameOn, customHeaders, spelling, target, userAgent } = this.#settings;
    return packetRequest(
      {
        ...parts,
        target,
        host: this.route.host,
        userAgent,
        contentName: contentNameOn.includes(parts.type) ? contentName : undefined,
        extraHeaders: [...this.authentication.headers(isChallengeAnswer), ...customHeaders],
      },
      spelling,
    );
  }
}

function fail(type: PacketType, reaction: Extract<Reaction, { kind: 'authenticate' }>): Reaction {
  return { kind: 'fail', error: jobErrorOf(type, reaction.ack) };
}
