import { connect, type Socket } from 'node:net';

/** One response as it stood on the wire. */
export interface RawResponse {
  readonly status: number;
  readonly reason: string;
  /** Lower-case names; a doubled name would be a test failure, so the last wins. */
  readonly headers: Readonly<Record<string, string>>;
  /** Header names in the letter case that was sent. */
  readonly names: readonly string[];
  readonly body: Buffer;
}

/** A client with no opinion about HTTP requests: it sends bytes and splits what comes back into responses. */
export class RawClient {
  readonly socket: Socket;
  /** Resolves when the server has ended or reset the connection. */
  readonly closed: Promise<void>;
  #received = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    // A reset is one of the ways to be closed; tests look at what arrived before it.
    socket.on('error', () => this.#end());
    socket.on('end', () => this.#end());
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#end();
        resolve();
      });
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Everything that came and was not taken as a response, once the server has closed. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#more();
    return this.#received.toString('latin1');
  }

  /** The next response; `undefined` when the connection ended before one was complete. */
  async response(options: { readonly toHead?: boolean } = {}): Promise<RawResponse | undefined> {
    for (;;) {
      const parsed = parseResponse(this.#received, options.toHead ?? false);
      if (parsed !== undefined) {
        this.#received = this.#received.subarray(parsed.length);
        return parsed.response;
      }
      if (this.#ended) return undefined;
      await this.#more();
    }
  }

  async request(bytes: string | Uint8Array): Promise<RawResponse | undefined> {
    this.send(bytes);
    return this.response();
  }

  /** For a client that does not read, or keeps its half open: it learns that the server is gone only by writing. */
  async writeUntilClosed(everyMs: number): Promise<void> {
    const writing = setInterval(() => this.socket.write('x'), everyMs);
    await this.closed;
    clearInterval(writing);
  }

  close(): void {
    this.socket.destroy();
  }

  #end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function parseResponse(
  bytes: Buffer,
  toHead: boolean,
): { readonly length: number; readonly response: RawResponse } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const [, status = '', reason = ''] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(statusLine) ?? [];
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const headers = Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
  const length = headEnd + 4 + (toHead ? 0 : Number(headers['content-length'] ?? '0'));
  if (bytes.length < length) return undefined;
  return {
    length,
    response: {
      status: Number(status),
      reason,
      headers,
      names: pairs.map(([name]) => name),
      body: Buffer.from(bytes.subarray(headEnd + 4, length)),
    },
  };
}
