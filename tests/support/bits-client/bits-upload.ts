import type { Ack } from './ack.ts';
import { httpTransport } from './http-transport.ts';
import { BitsJobError, httpErrorHresult, jobError, ServerModeError } from './job-error.ts';
import type { BitsUploadOptions, ClientState, JobProgress, UploadResult } from './options.ts';
import type { PacketType } from './packet.ts';
import { PacketExchange, type PacketParts } from './packet-exchange.ts';
import type { Reaction } from './reaction.ts';
import { downloadReply, resolveReplyUrl } from './reply-download.ts';
import { type Settings, settle } from './settings.ts';
import type { Transport } from './transport.ts';

type Step = Exclude<ClientState, 'SUSPENDED' | 'CANCEL' | 'DONE'>;
type Next = Step | 'DONE';

/**
 * One upload job that behaves as the BITS client of Windows is documented to: MC-BUP 3.1 and the Win32 pages, with
 * what neither publishes (first fragment size, shrinking, retry cadence) as options.
 *
 * `run` may be called again after BitsSuspendedError, and a new object can go on with `progress` as its `resume`.
 */
export class BitsUpload {
  #sessionId: string | undefined;
  #offset: number;
  #fragmentSize: number;
  #sessions = 0;
  #fruitless = 0;
  #replyUrl: string | undefined;
  #reply: Uint8Array | undefined;
  /** CLOSE packets that have succeeded. */
  #closed = 0;
  /** The step that an interruption held up: it follows the next PING. */
  #afterPing: Step;
  /** A PING asked for by `pingBefore` is sent once before each such packet. */
  #isPinged = false;
  readonly #settings: Settings;
  readonly #exchange: PacketExchange;
  readonly #transport: Transport;
  readonly #ownsTransport: boolean;

  constructor(options: BitsUploadOptions) {
    this.#settings = settle(options);
    this.#ownsTransport = options.transport === undefined;
    this.#transport = options.transport ?? httpTransport();
    this.#exchange = new PacketExchange(this.#settings, this.#transport, options);
    this.#sessionId = options.resume?.sessionId;
    this.#offset = options.resume?.offsetBytes ?? 0;
    this.#fragmentSize = options.resume?.fragmentSizeBytes ?? this.#settings.fragmentSizeBytes;
    this.#afterPing = this.#sessionId === undefined ? 'CREATE_SESSION' : 'FRAGMENT';
  }

  get progress(): JobProgress {
    return {
      sessionId: this.#sessionId,
      offsetBytes: this.#offset,
      fragmentSizeBytes: this.#fragmentSize,
    };
  }

  /** Uploads to the end. Rejects with BitsJobError, BitsSuspendedError (signal) or ServerModeError. */
  async run(signal?: AbortSignal): Promise<UploadResult> {
    try {
      let next: Next = this.#sessionId === undefined ? 'CREATE_SESSION' : 'PING';
      while (next !== 'DONE') {
        this.#settings.onEvent({ kind: 'state', state: next });
        if (next !== 'PING') this.#afterPing = next;
        next = await this.#step(next, signal);
      }
      this.#settings.onEvent({ kind: 'state', state: 'DONE' });
      return this.#result();
    } finally {
      if (this.#ownsTransport) this.#transport.close();
    }
  }

  /** Drops the session on the server, if there is one. Gives up in silence after `cancelTimeoutMs`, as Windows does. */
  async cancel(signal?: AbortSignal): Promise<void> {
    this.#settings.onEvent({ kind: 'state', state: 'CANCEL' });
    const sessionId = this.#sessionId;
    if (sessionId === undefined) return;
    const { cancelTimeoutMs, cancelTimes, clock, retryDelayMs } = this.#settings;
    const startMs = clock.nowMs();
    try {
      for (let time = 0; time < cancelTimes; ) {
        const reaction = await this.#exchange.perform({ type: 'Cancel-Session', sessionId }, signal);
        if (reaction.kind !== 'retry') time++;
        else if (clock.nowMs() - startMs >= cancelTimeoutMs) return;
        else await this.#exchange.pause(reaction.reason, retryDelayMs, signal);
      }
      this.#sessionId = undefined;
    } finally {
      if (this.#ownsTransport) this.#transport.close();
    }
  }

  #step(step: Step, signal: AbortSignal | undefined): Promise<Next> {
    switch (step) {
      case 'CREATE_SESSION':
        return this.#create(signal);
      case 'PING':
        return this.#ping(signal);
      case 'FRAGMENT':
        return this.#fragment(signal);
      case 'GET_REPLY':
        return this.#getReply(signal);
      case 'COMPLETE':
        return this.#close(signal);
    }
  }

  async #ping(signal: AbortSignal | undefined): Promise<Next> {
    const reaction = await this.#exchange.perform({ type: 'Ping' }, signal);
    if (reaction.kind !== 'proceed') return this.#otherwise(reaction, 'PING', signal);
    this.#isPinged = true;
    return this.#afterPing;
  }

  async #create(signal: AbortSignal | undefined): Promise<Next> {
    if (this.#isPingDue('Create-Session')) return this.#pingThen('CREATE_SESSION');
    const reaction = await this.#perform({ type: 'Create-Session' }, signal);
    if (reaction.kind !== 'proceed') return this.#otherwise(reaction, 'CREATE_SESSION', signal);
    const { sessionId, hostId, hostFallbackSeconds } = reaction.ack;
    this.#sessionId = sessionId;
    this.#sessions++;
    this.#settings.onEvent({ kind: 'session', sessionId: sessionId ?? '' });
    const next: Step =
      this.#settings.source.sizeBytes === 0 && this.#settings.emptyFile === 'close-only'
        ? 'COMPLETE'
        : 'FRAGMENT';
    if (hostId === undefined) return next;
    this.#exchange.route.moveTo(hostId, hostFallbackSeconds);
    this.#settings.onEvent({ kind: 'host', host: this.#exchange.route.host });
    return this.#pingThen(next);
  }

  async #fragment(signal: AbortSignal | undefined): Promise<Next> {
    if (this.#isPingDue('Fragment')) return this.#pingThen('FRAGMENT');
    const parts = await this.#fragmentParts();
    const reaction = await this.#perform(parts, signal);
    this.#checkMode(parts, reaction);
    switch (reaction.kind) {
      case 'proceed':
      case 'jump':
        return this.#advance(reaction.ack, signal);
      case 'shrink':
        this.#shrink(parts.body?.length ?? 0);
        return 'FRAGMENT';
      default:
        return this.#otherwise(reaction, 'FRAGMENT', signal);
    }
  }

  async #fragmentParts(): Promise<PacketParts> {
    const sessionId = this.#sessionId;
    const total = this.#settings.source.sizeBytes;
    if (total === 0) return { type: 'Fragment', sessionId, rangeText: 'bytes 0-0/0' };
    const first = this.#settings.fragmentOffset(this.#offset);
    const body = await this.#settings.source.read(first, Math.min(this.#fragmentSize, total - first));
    return { type: 'Fragment', sessionId, range: { first, last: first + body.length - 1, total }, body };
  }

  /** Takes the server's offset, whatever it is: forward, or back after the server lost something. */
  async #advance(ack: Ack, signal: AbortSignal | undefined): Promise<Next> {
    const totalBytes = this.#settings.source.sizeBytes;
    const offsetBytes = ack.receivedOffset ?? 0;
    if (offsetBytes > totalBytes) {
      const reason = `the server expects offset ${offsetBytes} of ${totalBytes}`;
      return this.#otherwise({ kind: 'retry', reason }, 'FRAGMENT', signal);
    }
    if (offsetBytes > this.#offset) {
      this.#fruitless = 0;
      this.#exchange.noteProgress();
    } else {
      this.#countFruitless('the offset does not move');
    }
    this.#offset = offsetBytes;
    this.#settings.onEvent({ kind: 'progress', offsetBytes, totalBytes });
    if (offsetBytes < totalBytes) return 'FRAGMENT';
    this.#replyUrl = ack.replyUrl;
    return this.#settings.reply === undefined ? 'COMPLETE' : 'GET_REPLY';
  }

  /** Half of what was refused, never below the floor; a refusal at the floor ends the job. */
  #shrink(refusedBytes: number): void {
    const floor = this.#settings.minFragmentSizeBytes;
    if (refusedBytes <= floor) {
      const failure = { hresult: httpErrorHresult(413), context: 'remote-file', status: 413 } as const;
      throw new BitsJobError(failure, `a fragment of ${refusedBytes} bytes is still too large`);
    }
    this.#fragmentSize = Math.max(floor, Math.floor(refusedBytes / 2));
    this.#settings.onEvent({ kind: 'shrink', fragmentSizeBytes: this.#fragmentSize });
  }

  async #getReply(signal: AbortSignal | undefined): Promise<Next> {
    const { customHeaders, reply, url, userAgent } = this.#settings;
    if (reply === undefined) return 'COMPLETE';
    if (this.#replyUrl === undefined) {
      throw jobError('BG_E_INVALID_SERVER_RESPONSE', 'remote-file', 'the last Ack names no reply');
    }
    this.#reply = await downloadReply(resolveReplyUrl(this.#replyUrl, url), reply, {
      transport: this.#transport,
      authentication: this.#exchange.authentication,
      uploadOrigin: url.origin,
      customHeaders,
      userAgent,
      signal,
      wait: (reason) => this.#exchange.wait(reason, signal),
    });
    return 'COMPLETE';
  }

  async #close(signal: AbortSignal | undefined): Promise<Next> {
    if (this.#isPingDue('Close-Session')) return this.#pingThen('COMPLETE');
    for (; this.#closed < this.#settings.closeTimes; this.#closed++) {
      const reaction = await this.#perform({ type: 'Close-Session', sessionId: this.#sessionId }, signal);
      if (reaction.kind !== 'proceed') return this.#otherwise(reaction, 'COMPLETE', signal);
    }
    return 'DONE';
  }

  /** Carries out the reactions that any packet can meet. */
  async #otherwise(reaction: Reaction, step: Step, signal: AbortSignal | undefined): Promise<Next> {
    switch (reaction.kind) {
      case 'recreate':
        this.#countFruitless('the session is lost again and again');
        this.#sessionId = undefined;
        this.#exchange.route.reset();
        if (this.#settings.offsetOnNewSession === 'reset' || step === 'COMPLETE') this.#offset = 0;
        return 'CREATE_SESSION';
      case 'retry':
        await this.#exchange.wait(reaction.reason, signal);
        // CLOSE is simply repeated; everything else asks first whether the host is there again.
        return step === 'COMPLETE' ? 'COMPLETE' : 'PING';
      case 'stop':
        return 'DONE';
      case 'fail':
        throw reaction.error;
      default:
        throw new Error(`${step} cannot react with ${reaction.kind}`);
    }
  }

  #perform(parts: PacketParts, signal: AbortSignal | undefined): Promise<Reaction> {
    this.#isPinged = false;
    return this.#exchange.perform(parts, signal);
  }

  #isPingDue(type: PacketType): boolean {
    return this.#settings.pingBefore.includes(type) && !this.#isPinged;
  }

  #pingThen(step: Step): Next {
    this.#afterPing = step;
    return 'PING';
  }

  #countFruitless(reason: string): void {
    if (++this.#fruitless > this.#settings.maxFruitlessPackets) {
      throw jobError('BG_E_NO_PROGRESS', 'remote-file', reason);
    }
  }

  #checkMode(parts: PacketParts, reaction: Reaction): void {
    const { serverMode } = this.#settings;
    if (serverMode === 'any' || parts.range === undefined || parts.range.first >= this.#offset) return;
    const expected = serverMode === 'strict' ? 'jump' : 'proceed';
    if (reaction.kind === 'proceed' || reaction.kind === 'jump') {
      if (reaction.kind !== expected) {
        throw new ServerModeError(`a FRAGMENT below the offset was not answered as in ${serverMode} mode`);
      }
    }
  }

  #result(): UploadResult {
    return {
      url: this.#settings.url.href,
      sessionId: this.#sessionId ?? '',
      totalBytes: this.#settings.source.sizeBytes,
      replyUrl: this.#replyUrl,
      reply: this.#reply,
      sessions: this.#sessions,
      packets: this.#exchange.packets,
      retries: this.#exchange.retries,
    };
  }
}
