import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** The function, or its runtime, said that it failed; the message is what it said. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
  readonly code: 'INVOCATION_FAILED' | 'INIT_FAILED';

  constructor(code: FunctionError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

interface Invocation {
  readonly id: string;
  readonly event: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const version = '/2018-06-01/runtime';
const anyFunction = 'arn:aws:lambda:us-east-1:000000000000:function:test';

/**
 * The side of Lambda that a runtime sees, for one execution environment: it asks for the next event, answers it, and asks
 * again. As published: "Using the Lambda runtime API for custom runtimes" in the Lambda Developer Guide.
 */
export class RuntimeApi {
  /** `127.0.0.1:port`, as AWS_LAMBDA_RUNTIME_API has it. */
  readonly address: string;
  readonly #server: Server;
  readonly #timeoutMs: number;
  readonly #queued: Invocation[] = [];
  readonly #running = new Map<string, Invocation>();
  #waiting: ServerResponse | undefined;
  #initFailure: FunctionError | undefined;

  private constructor(server: Server, port: number, timeoutMs: number) {
    this.#server = server;
    this.address = `127.0.0.1:${port}`;
    this.#timeoutMs = timeoutMs;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#serve(request, response).catch((error: unknown) => response.destroy(asError(error)));
    });
  }

  /** `timeoutMs`: from handing an event over to the deadline that the function is told. */
  static async start(timeoutMs: number): Promise<RuntimeApi> {
    // A runtime waits for its next event as long as it takes.
    const server = createServer({ requestTimeout: 0 });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: 0 }, resolve);
    });
    const address = server.address();
    return new RuntimeApi(
      server,
      address !== null && typeof address === 'object' ? address.port : 0,
      timeoutMs,
    );
  }

  /** One event at a time; others wait. Rejects with FunctionError for what the function threw. */
  invoke(event: unknown): Promise<unknown> {
    if (this.#initFailure !== undefined) return Promise.reject(this.#initFailure);
    return new Promise((resolve, reject) => {
      this.#queued.push({ id: randomUUID(), event: JSON.stringify(event), resolve, reject });
      this.#handOver();
    });
  }

  /** Whether a runtime is asking for an event: its function is loaded and does nothing. */
  get isIdle(): boolean {
    return this.#waiting !== undefined;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === `${version}/invocation/next`) {
      this.#waiting = response;
      response.once('close', () => {
        if (this.#waiting === response) this.#waiting = undefined;
      });
      this.#handOver();
      return;
    }
    const body = await textOf(request);
    const [, id = '', outcome] = /\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    const invocation = this.#running.get(id);
    if (request.method === 'POST' && path === `${version}/init/error`) {
      this.#initFailure = new FunctionError('INIT_FAILED', body);
      for (const each of this.#queued.splice(0)) each.reject(this.#initFailure);
    } else if (request.method === 'POST' && invocation !== undefined) {
      this.#running.delete(id);
      if (outcome === 'response') invocation.resolve(JSON.parse(body));
      else invocation.reject(new FunctionError('INVOCATION_FAILED', body));
    } else {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}');
  }

  #handOver(): void {
    const response = this.#waiting;
    const invocation = response === undefined ? undefined : this.#queued.shift();
    if (response === undefined || invocation === undefined) return;
    this.#waiting = undefined;
    this.#running.set(invocation.id, invocation);
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': invocation.id,
      'Lambda-Runtime-Deadline-Ms': String(Date.now() + this.#timeoutMs),
      'Lambda-Runtime-Invoked-Function-Arn': anyFunction,
    });
    response.end(invocation.event);
  }
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
};

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
