import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClosedError, ConnectionLostError } from './errors.ts';
import type { S3Request, S3Response } from './http.ts';

/** A listening server. */
export interface ListeningS3 {
  readonly host: string;
  readonly port: number;
  /** For the SDK's `endpoint`, together with `forcePathStyle: true`. */
  readonly url: string;
  /** Take no new connections, let requests under way finish, then close. Waits at most `graceMs` (default 5,000). */
  close(graceMs?: number): Promise<void>;
}

/**
 * Serve requests over HTTP/1.1. `port` 0 picks a free one. `onBrokenAnswer` is told of an answer that could not
 * be given, or not to its end, for a reason on this side; the client sees the connection break.
 */
export async function listen(
  handle: (request: S3Request) => Promise<S3Response>,
  onBrokenAnswer: (error: unknown, request: S3Request) => void,
  address: { readonly host: string; readonly port: number },
): Promise<ListeningS3> {
  const server = createServer((incoming, outgoing) => {
    const request = requestOf(incoming);
    answer(handle, request, outgoing).catch((error: unknown) => {
      incoming.socket.destroy();
      if (!(error instanceof ConnectionLostError) && !(error instanceof ClosedError))
        onBrokenAnswer(error, request);
    });
  });
  // A slow client may take long for a body, and an idle connection must outlive the client's own pool.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  const { port } = addressOf(server.address());
  const urlHost = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    host: address.host,
    port,
    url: `http://${urlHost}:${port}`,
    close: (graceMs = 5_000) =>
      new Promise((resolve) => {
        const impatience = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(impatience);
          resolve();
        });
      }),
  };
}

async function answer(
  handle: (request: S3Request) => Promise<S3Response>,
  request: S3Request,
  outgoing: ServerResponse,
): Promise<void> {
  const response = await handle(request);
  outgoing.writeHead(response.status, response.headers);
  if (response.body instanceof Uint8Array) outgoing.end(response.body);
  else await send(response.body, outgoing);
}

/** Write a body as fast as the client takes it; give up when the client does. */
async function send(body: AsyncIterable<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  for await (const chunk of body) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(chunk)) await drained(outgoing);
  }
  outgoing.end();
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off('drain', done);
      outgoing.off('close', done);
      resolve();
    };
    outgoing.once('drain', done);
    outgoing.once('close', done);
  });
}

function requestOf(incoming: IncomingMessage): S3Request {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { method: incoming.method ?? '', path: incoming.url ?? '/', headers, body: incoming };
}

function addressOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new TypeError('The server has no TCP address.');
  return address;
}
