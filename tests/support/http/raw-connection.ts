import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { HttpResponse } from './message.ts';
import { isBodyUntilClose, parseResponse } from './response-parser.ts';

/** No answer could be read: connection refused, reset, closed early, or silent for too long. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code: 'CONNECT' | 'CLOSED' | 'TIMEOUT';

  constructor(code: 'CONNECT' | 'CLOSED' | 'TIMEOUT', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export interface ReceiveOptions {
  /** Method of the request that is being answered; HEAD answers have no body. */
  readonly method: string;
  readonly timeoutMs: number;
  /** How long to wait for the rest of a body that has no declared length. */
  readonly quietMs: number;
}

/**
 * One TCP or TLS connection on which the caller decides every byte.
 *
 * Write errors are not thrown by `write`: a server may answer early and close while the body is still on its way,
 * and that answer is what counts. They surface in `receive` as the cause when there is no answer.
 */
export class RawConnection {
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #error: unknown;
  #wake: () => void = () => undefined;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** Opens a connection to the host and port of `url`. Rejects with ConnectionError `CONNECT`. */
  static async open(url: URL): Promise<RawConnection> {
    const isTls = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
    const socket = isTls
      ? connectTls({ host, port, servername: host, ALPNProtocols: ['http/1.1'] })
      : connectTcp({ host, port, allowHalfOpen: true });
    socket.setNoDelay(true);
    try {
      await once(socket, isTls ? 'secureConnect' : 'connect');
    } catch (error) {
      throw new ConnectionError('CONNECT', `cannot connect to ${host}:${port}`, error);
    }
    return new RawConnection(socket);
  }

  /** Bytes that arrived and were not part of any response read so far; 0 on a clean connection. */
  get unreadBytes(): number {
    return this.#received.length;
  }

  /** Whether the other side has ended the connection, or it broke. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /** Sends bytes; resolves when they are handed to the system or can no longer be sent. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed || this.#socket.writableEnded) {
        resolve();
        return;
      }
      this.#socket.write(bytes, (error) => {
        if (error) this.#error ??= error;
        resolve();
      });
    });
  }

  /** Says that nothing more will be sent, while still listening. */
  halfClose(): void {
    this.#socket.end();
  }

  /** Cuts the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Reads one response. Rejects with ConnectionError, or HttpSyntaxError when the bytes are not HTTP. */
  async receive(options: ReceiveOptions): Promise<HttpResponse> {
    const deadline = performance.now() + options.timeoutMs;
    for (;;) {
      const parsed = parseResponse(this.#received, { requestMethod: options.method, ended: this.#ended });
      if (parsed !== undefined) {
        this.#received = this.#received.subarray(parsed.consumedBytes);
        return parsed.response;
      }
      if (this.#ended) {
        const what = this.#received.length === 0 ? 'without an answer' : 'in the middle of an answer';
        throw new ConnectionError('CLOSED', `connection closed ${what}`, this.#error);
      }
      const isUnbounded = isBodyUntilClose(this.#received, options.method);
      const waitMs = isUnbounded ? options.quietMs : deadline - performance.now();
      const sizeBefore = this.#received.length;
      await this.#activity(waitMs);
      const isSilent = this.#received.length === sizeBefore && !this.#ended;
      // A keep-alive answer without a length never ends by itself: silence has to do, the framing tells on it.
      if (isSilent && isUnbounded) return this.#takeUnbounded(options.method);
      if (isSilent && performance.now() >= deadline) {
        throw new ConnectionError('TIMEOUT', `no answer within ${options.timeoutMs} ms`);
      }
    }
  }

  #takeUnbounded(requestMethod: string): HttpResponse {
    const parsed = parseResponse(this.#received, { requestMethod, ended: true });
    if (parsed === undefined) throw new ConnectionError('CLOSED', 'the answer fell apart');
    this.#received = this.#received.subarray(parsed.consumedBytes);
    return parsed.response;
  }

  #activity(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, waitMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
