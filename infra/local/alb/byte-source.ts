import type { Socket } from 'node:net';
import { type EndOfInput, InputEnded, RequestRefused } from './errors.ts';

const CR = 0x0d;
const LF = 0x0a;
const HIGH_WATER_BYTES = 256 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * The bytes of one connection, pulled in order. At most about 256 KB wait here: then the socket is paused, so a client
 * that pipelines faster than functions answer is slowed down by TCP.
 *
 * Every read throws `InputEnded` when the bytes it needs will not come.
 */
export class ByteSource {
  readonly #socket: Socket;
  #pending: Buffer = NOTHING;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #end: EndOfInput | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#push(chunk));
    socket.on('end', () => this.#finish('ended'));
    socket.on('error', () => this.#finish('reset'));
    socket.on('close', () => this.#finish('reset'));
    socket.on('timeout', () => {
      // Silence counts only while we wait for the client: a function that is running is not the client's fault.
      if (this.#wake !== undefined) this.#finish('idle');
    });
  }

  /** How long a read may wait without a single byte arriving. Holds until set again. */
  allowSilence(timeoutMs: number): void {
    this.#socket.setTimeout(timeoutMs);
  }

  /** Whether unread bytes are here already. */
  get hasBytes(): boolean {
    return this.#pending.length > 0 || this.#queuedBytes > 0;
  }

  /** Makes the read that waits now, and every later one that would wait, throw `InputEnded('stopping')`. */
  stop(): void {
    this.#finish('stopping');
  }

  /** Waits until at least one byte can be read; consumes nothing. */
  async ready(): Promise<void> {
    if (this.#pending.length === 0) await this.#more();
  }

  /**
   * One line without its CRLF, which is consumed. A line that ends in a bare LF, contains a CR elsewhere, or is longer
   * than `maxBytes`, is refused with 400.
   */
  async readLine(maxBytes: number): Promise<Buffer> {
    let from = 0;
    for (;;) {
      const end = this.#pending.indexOf(LF, from);
      const length = end === -1 ? this.#pending.length : end - 1;
      if (length > maxBytes + (end === -1 ? 1 : 0)) {
        throw new RequestRefused(400, 'LineTooLong', `a line of more than ${maxBytes} bytes`);
      }
      if (end !== -1) {
        const line = this.#pending.subarray(0, Math.max(end - 1, 0));
        if (end === 0 || this.#pending[end - 1] !== CR || line.includes(CR)) {
          throw new RequestRefused(400, 'BadLineEnd', 'every line ends in CRLF and holds no other CR or LF');
        }
        this.#pending = this.#pending.subarray(end + 1);
        return line;
      }
      from = this.#pending.length;
      await this.#more();
    }
  }

  /** At least one and at most `maxBytes` bytes, consumed. The slice is valid for as long as the caller keeps it. */
  async readSome(maxBytes: number): Promise<Buffer> {
    if (this.#pending.length === 0) await this.#more();
    const taken = this.#pending.subarray(0, maxBytes);
    this.#pending = this.#pending.subarray(taken.length);
    return taken;
  }

  #push(chunk: Buffer): void {
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes > HIGH_WATER_BYTES) this.#socket.pause();
    this.#notify();
  }

  #finish(end: EndOfInput): void {
    this.#end ??= end;
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Makes `#pending` longer. */
  async #more(): Promise<void> {
    while (this.#queue.length === 0) {
      if (this.#end !== undefined) throw new InputEnded(this.#end);
      if (this.#socket.isPaused()) this.#socket.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#pending.length > 0) {
      this.#pending = Buffer.concat([this.#pending, ...this.#queue]);
      this.#queue = [];
      this.#queuedBytes = 0;
      return;
    }
    // One at a time: whoever reads a body copies it once, not twice.
    this.#pending = this.#queue.shift() ?? NOTHING;
    this.#queuedBytes -= this.#pending.length;
  }
}
