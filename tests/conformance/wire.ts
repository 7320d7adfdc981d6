import {
  describeResponse,
  encodeRequest,
  encodeRequestHead,
  type HttpRequest,
  type HttpResponse,
  headerValue,
} from '../support/http/message.ts';
import { RawConnection } from '../support/http/raw-connection.ts';
import { brokenAckRules } from './ack-rules.ts';

/** Where a case keeps what went over its wires. */
export interface WireLog {
  readonly transcript: string[];
  /** Rules that every Ack must keep and that an answer of this case broke. */
  readonly violations: string[];
  answers: number;
}

const QUIET_MS = 150;

/** A connection of a case: keeps it alive, opens a new one where the server closed it, writes down everything. */
export class Wire {
  #connection: RawConnection | undefined;
  readonly #origin: URL;
  readonly #log: WireLog;
  readonly #timeoutMs: number;

  constructor(origin: URL, log: WireLog, timeoutMs: number) {
    this.#origin = origin;
    this.#log = log;
    this.#timeoutMs = timeoutMs;
  }

  /** Makes the connection now, so that packets on several wires start together. */
  async connect(): Promise<void> {
    await this.#open();
  }

  /** Sends a request and reads its answer. Rejects with ConnectionError or HttpSyntaxError. */
  async exchange(request: HttpRequest): Promise<HttpResponse> {
    const connection = await this.#open();
    this.#logRequest(request);
    await connection.write(encodeRequest(request));
    return this.#receive(connection, request);
  }

  /** Sends the head and a part of the body, then ends or cuts the connection; returns the answer, if one came. */
  async truncate(
    request: HttpRequest,
    bodyBytes: number,
    how: 'half-close' | 'cut',
  ): Promise<HttpResponse | undefined> {
    const connection = await this.#open();
    this.#logRequest(request, `${how} after ${bodyBytes} bytes of body`);
    const part = request.body.subarray(0, bodyBytes);
    await connection.write(Buffer.concat([encodeRequestHead(request), part]));
    try {
      if (how === 'cut') return undefined;
      connection.halfClose();
      return await this.#receive(connection, request);
    } catch (error) {
      // No answer to half a request is as right as one.
      this.#log.transcript.push(`(no answer: ${error instanceof Error ? error.message : String(error)})`);
      return undefined;
    } finally {
      this.close();
    }
  }

  /** Sends a complete request and cuts the connection without waiting for the answer: the Ack is lost. */
  async sendAndCut(request: HttpRequest): Promise<void> {
    const connection = await this.#open();
    this.#logRequest(request, 'cut before the answer');
    await connection.write(encodeRequest(request));
    this.close();
  }

  /** Looks for bytes that no answer accounts for, then closes. */
  close(): void {
    if (this.#connection !== undefined) this.#checkQuiet(this.#connection);
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  async #open(): Promise<RawConnection> {
    if (this.#connection !== undefined && !this.#connection.isEnded) {
      this.#checkQuiet(this.#connection);
      return this.#connection;
    }
    this.close();
    this.#connection = await RawConnection.open(this.#origin);
    return this.#connection;
  }

  async #receive(connection: RawConnection, request: HttpRequest): Promise<HttpResponse> {
    const options = { method: request.method, timeoutMs: this.#timeoutMs, quietMs: QUIET_MS };
    const response = await connection.receive(options);
    this.#log.answers++;
    this.#log.transcript.push(describeResponse(response));
    this.#log.violations.push(...brokenAckRules(response));
    if (headerValue(response.headers, 'Connection')?.toLowerCase() === 'close') this.close();
    return response;
  }

  #checkQuiet(connection: RawConnection): void {
    if (connection.unreadBytes > 0) {
      this.#log.violations.push(`${connection.unreadBytes} bytes after an answer that nothing accounts for`);
    }
  }

  #logRequest(request: HttpRequest, remark?: string): void {
    const fields = request.headers
      .filter(([name]) => /^(bits-|content-)/i.test(name))
      .map(
        ([name, value]) =>
          `${name}: ${value.length > 120 ? `${value.slice(0, 120)}… (${value.length})` : value}`,
      );
    const line = [`> ${request.method} ${request.target}`, ...fields].join(' · ');
    this.#log.transcript.push(remark === undefined ? line : `${line} (${remark})`);
  }
}
