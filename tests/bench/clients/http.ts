import { Agent, type IncomingHttpHeaders, request } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body, which says why where something was refused. */
  readonly text: string;
}

/** One connection that is kept, as a patient uploader keeps its own. */
export class HttpConnection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #origin: URL;

  constructor(url: string) {
    this.#origin = new URL(url);
  }

  /** `path` as it goes on the wire, or a whole URL of the same server. Rejects when there is no complete answer. */
  send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
  ): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, this.#origin), {
        method,
        agent: this.#agent,
        headers: { ...headers, 'content-length': `${body.byteLength}` },
      });
      outgoing.on('response', (incoming) => {
        incoming.on('error', reject);
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
