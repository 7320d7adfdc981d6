import { createServer, type Server, type Socket } from 'node:net';
import type { Header } from '../support/http/message.ts';
import { headerValue } from '../support/http/message.ts';

/** A request as the fake server sees it. */
export interface FakeRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Header[];
  readonly body: Buffer;
  /** The connection ended before the body was complete; answered only if the handler wants to. */
  readonly isTruncated: boolean;
}

export interface FakeResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body?: Uint8Array | undefined;
  readonly httpVersion?: string;
  /** Close the connection after the answer. */
  readonly isLast?: boolean;
}

/** An answer, a connection cut without one, or a head with a part of its body and then the cut. */
export type FakeAnswer =
  | FakeResponse
  | 'cut'
  | { readonly cutAfterBytes: number; readonly response: FakeResponse };

export type FakeHandler = (request: FakeRequest) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>;

const BAD_REQUEST: FakeResponse = {
  status: 400,
  reason: 'Bad Request',
  headers: [['Content-Length', '0']],
  isLast: true,
};

/** The least HTTP/1.1 server that the tests need: keep-alive, bodies with a length, any method. */
export async function startFakeHttp(
  handle: FakeHandler,
  port = 0,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    new Connection(socket, handle);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

class Connection {
  #input: Buffer = Buffer.alloc(0);
  #isBusy = false;
  #isEnded = false;
  readonly #socket: Socket;
  readonly #handle: FakeHandler;

  constructor(socket: Socket, handle: FakeHandler) {
    this.#socket = socket;
    this.#handle = handle;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#input = Buffer.concat([this.#input, chunk]);
      void this.#work();
    });
    socket.on('end', () => {
      this.#isEnded = true;
      void this.#work();
    });
    // A client that cuts its connection is what many tests are about.
    socket.on('error', () => socket.destroy());
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let request = this.#take(); request !== undefined; request = this.#take()) {
        const answer = request === 'bad' ? BAD_REQUEST : await this.#handle(request);
        if (answer === undefined) continue;
        if (!this.#write(answer)) return;
      }
      if (this.#isEnded) this.#socket.end();
    } finally {
      this.#isBusy = false;
    }
  }

  #take(): FakeRequest | 'bad' | undefined {
    const headEnd = this.#input.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const [startLine = '', ...lines] = this.#input.subarray(0, headEnd).toString('latin1').split('\r\n');
    const [method = '', target = ''] = startLine.split(' ');
    const headers = lines.map((line): Header => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const lengths = headers
      .filter(([name]) => name.toLowerCase() === 'content-length')
      .map(([, value]) => value);
    const isChunked = headerValue(headers, 'transfer-encoding') !== undefined;
    if (isChunked || lengths.some((value) => !/^\d+$/.test(value) || value !== lengths[0])) {
      this.#input = Buffer.alloc(0);
      return 'bad';
    }
    const lengthBytes = Number(lengths[0] ?? '0');
    const bodyStart = headEnd + 4;
    const isTruncated = this.#input.length < bodyStart + lengthBytes;
    if (isTruncated && !this.#isEnded) return undefined;
    const body = Buffer.from(this.#input.subarray(bodyStart, bodyStart + lengthBytes));
    this.#input = this.#input.subarray(bodyStart + body.length);
    return { method, target, headers, body, isTruncated };
  }

  /** Writes an answer; false when the connection is over. */
  #write(answer: FakeAnswer): boolean {
    if (answer === 'cut') {
      this.#socket.destroy();
      return false;
    }
    const { response, cutAfterBytes } =
      'response' in answer ? answer : { response: answer, cutAfterBytes: undefined };
    const head = [
      `HTTP/${response.httpVersion ?? '1.1'} ${response.status} ${response.reason}`,
      ...response.headers.map(([name, value]) => `${name}: ${value}`),
      ...(response.isLast === true ? ['Connection: close'] : []),
    ].join('\r\n');
    const body = (response.body ?? new Uint8Array()).subarray(0, cutAfterBytes);
    this.#socket.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]), () => {
      if (cutAfterBytes !== undefined) this.#socket.destroy();
    });
    if (response.isLast === true) this.#socket.end();
    return response.isLast !== true && cutAfterBytes === undefined;
  }
}
