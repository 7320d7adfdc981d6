import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as TlsAgent } from 'node:https';
import type { BodyFraming, Header, HttpRequest, HttpResponse } from '../http/message.ts';
import { headerValue } from '../http/message.ts';
import type { SendOptions, Transport, TransportTimers } from './transport.ts';
import { TransportError, WINDOWS_TIMERS } from './transport.ts';

/**
 * Transport over Node's own HTTP client with one kept connection. Header order and case are kept; nothing is added.
 * `ca` is a PEM certificate to trust beside the system's.
 */
export function httpTransport(
  options: Partial<TransportTimers> & { readonly ca?: string | undefined } = {},
): Transport {
  const timers = { ...WINDOWS_TIMERS, ...options };
  const plain = new Agent({ keepAlive: true, maxSockets: 1 });
  const tls = new TlsAgent({ keepAlive: true, maxSockets: 1 });
  const start = (request: HttpRequest, origin: URL, send: SendOptions): ClientRequest => {
    const isTls = origin.protocol === 'https:';
    const settings = {
      method: request.method,
      path: request.target,
      host: origin.hostname.replace(/^\[|\]$/g, ''),
      port: origin.port === '' ? (isTls ? 443 : 80) : Number(origin.port),
      // A flat list goes out as it is: Node neither adds Host nor changes the case of a name.
      headers: request.headers.flat(),
      signal: send.signal,
      agent: send.newConnection === true ? (false as const) : isTls ? tls : plain,
      ...(isTls && options.ca !== undefined ? { ca: options.ca } : {}),
    };
    return isTls ? requestHttps(settings) : requestHttp(settings);
  };
  return {
    send: (request, origin, send = {}) =>
      new Promise((resolve, reject) => {
        const outgoing = start(request, origin, send);
        new Exchange(outgoing, timers, resolve, reject).run(request, send.truncateBodyAtBytes);
      }),
    close: () => {
      plain.destroy();
      tls.destroy();
    },
  };
}

/** One request and its answer: timers, the broken connection, the bytes that arrived. */
class Exchange {
  #timer: NodeJS.Timeout;
  #cause: TransportError | undefined;
  #incoming: IncomingMessage | undefined;
  readonly #chunks: Buffer[] = [];
  readonly #outgoing: ClientRequest;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: TransportError) => void;

  constructor(
    outgoing: ClientRequest,
    timers: TransportTimers,
    resolve: (response: HttpResponse) => void,
    reject: (error: TransportError) => void,
  ) {
    this.#outgoing = outgoing;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = this.#limit(timers.sendTimeoutMs, 'sending the request');
    outgoing.once('finish', () => {
      clearTimeout(this.#timer);
      this.#timer = this.#limit(timers.responseTimeoutMs, 'waiting for the answer');
    });
    outgoing.once('response', (incoming) => this.#read(incoming));
    outgoing.on('error', (error) => this.#fail(error));
    outgoing.once('close', () => this.#fail(new Error('connection closed without a complete answer')));
  }

  run(request: HttpRequest, truncateAtBytes: number | undefined): void {
    if (truncateAtBytes === undefined) {
      this.#outgoing.end(request.body);
      return;
    }
    const cut = () =>
      this.#abort(new TransportError('CUT', `cut after ${truncateAtBytes} bytes of the body`));
    const kept = request.body.subarray(0, truncateAtBytes);
    this.#outgoing.flushHeaders();
    // An empty write would not call back before the head is out.
    if (kept.length === 0) this.#outgoing.once('socket', (socket) => socket.write('', cut));
    else this.#outgoing.write(kept, cut);
  }

  #limit(ms: number, what: string): NodeJS.Timeout {
    return setTimeout(
      () => this.#abort(new TransportError('TIMEOUT', `${what} took longer than ${ms} ms`)),
      ms,
    );
  }

  #abort(cause: TransportError): void {
    this.#cause = cause;
    this.#outgoing.destroy();
  }

  #read(incoming: IncomingMessage): void {
    this.#incoming = incoming;
    incoming.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    incoming.on('error', (error) => this.#fail(error));
    incoming.once('end', () => {
      clearTimeout(this.#timer);
      if (incoming.complete) this.#resolve(this.#response(incoming));
      else this.#fail(new Error('the answer ended too early'));
    });
  }

  #fail(error: Error): void {
    clearTimeout(this.#timer);
    const partial = this.#incoming === undefined ? undefined : this.#response(this.#incoming);
    const isConnect = 'syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo');
    this.#reject(
      this.#cause ??
        new TransportError(isConnect ? 'CONNECT' : 'BROKEN', error.message || 'connection failed', {
          cause: error,
          partial,
        }),
    );
  }

  #response(incoming: IncomingMessage): HttpResponse {
    const headers: Header[] = [];
    for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2) {
      headers.push([incoming.rawHeaders[at] ?? '', incoming.rawHeaders[at + 1] ?? '']);
    }
    return {
      httpVersion: incoming.httpVersion,
      status: incoming.statusCode ?? 0,
      reason: incoming.statusMessage ?? '',
      headers,
      body: Buffer.concat(this.#chunks),
      framing: framingOf(headers, this.#outgoing.method),
    };
  }
}

function framingOf(headers: readonly Header[], method: string): BodyFraming {
  if (method === 'HEAD') return 'none';
  if (headerValue(headers, 'transfer-encoding') !== undefined) return 'chunked';
  return headerValue(headers, 'content-length') === undefined ? 'close' : 'content-length';
}
