import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A notification as the application saw it. */
export interface Notified {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of the body, or of what the presigned URL led to. */
  readonly sha256: string;
  readonly bodyBytes: number;
}

export interface ReplyServer {
  readonly port: number;
  readonly notified: Notified[];
  close(): Promise<void>;
}

/** The reply to a file whose SHA-256 is this, as long as it is asked to be. */
export const replyBytes = (sha256: string, sizeBytes: number): Buffer =>
  Buffer.alloc(sizeBytes, `the reply to ${sha256};`);

/**
 * An application over HTTP on this machine, which does what the client's own query string asks for: `do=reply` (with
 * `size`, `copy`), `static`, `refuse` (with `status`), `redirect`, `silence`, `crash`, `cut`, `garbage`,
 * `upgrade`, `hang-up`, `headers`,
 * `nothing`; `once` does it at the first notification of a session only, and replies after that.
 */
export const startReplyServer = async (): Promise<ReplyServer> => {
  const notified: Notified[] = [];
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const query = new URL(request.url ?? '', 'http://app').searchParams;
    const session = `${request.headers['bits-session-id']}`;
    const isAgain = seen.has(session);
    seen.add(session);
    const what = query.has('once') && isAgain ? 'reply' : (query.get('do') ?? 'reply');
    if (what === 'early') {
      // Answers before it has read anything.
      response.writeHead(403).end();
      return;
    }
    const { sha256, bodyBytes } = await read(request);
    notified.push({ path: request.url ?? '', headers: request.headers, sha256, bodyBytes });
    switch (what) {
      case 'static':
        response.setHeader('BITS-Static-Response-URL', 'https://app.example.test/replies/1?a=b').end();
        return;
      case 'refuse':
        response.writeHead(Number(query.get('status') ?? '403')).end('no');
        return;
      case 'redirect':
        response.writeHead(302, { Location: '/elsewhere' }).end();
        return;
      case 'silence':
        return;
      case 'crash':
        request.socket.destroy();
        return;
      case 'garbage':
        request.socket.end('this is not HTTP\r\n\r\n');
        return;
      case 'upgrade':
        request.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
        return;
      case 'hang-up':
        request.socket.end();
        return;
      case 'headers':
        response.writeHead(200, { 'X-Much': 'x'.repeat(40_000) }).end();
        return;
      case 'cut':
        response.writeHead(200, { 'Content-Length': '1000' });
        response.write('half');
        setTimeout(() => request.socket.destroy(), 20);
        return;
      case 'nothing':
        response.end();
        return;
      default:
        await reply(
          request,
          response,
          replyBytes(sha256, Number(query.get('size') ?? '100')),
          query.has('copy'),
        );
    }
  };

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    notified,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
};

/** The file: by value the body, by reference what the URL gives that came along. */
const read = async (request: IncomingMessage): Promise<{ sha256: string; bodyBytes: number }> => {
  const hash = createHash('sha256');
  let bodyBytes = 0;
  for await (const chunk of request) {
    hash.update(chunk);
    bodyBytes += chunk.length;
  }
  const source = request.headers['bits-request-datafile-url'];
  if (typeof source === 'string') {
    const response = await fetch(source);
    if (!response.ok) throw new Error(`the upload cannot be read: ${response.status}`);
    hash.update(new Uint8Array(await response.arrayBuffer()));
  }
  return { sha256: hash.digest('hex'), bodyBytes };
};

const reply = async (
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  isToBeCopied: boolean,
): Promise<void> => {
  if (isToBeCopied) response.setHeader('BITS-Copy-File-To-Destination', 'yes');
  const place = request.headers['bits-response-datafile-url'];
  if (typeof place !== 'string') {
    response.end(bytes);
    return;
  }
  const put = await fetch(place, { method: 'PUT', body: new Uint8Array(bytes) });
  if (!put.ok) throw new Error(`the reply cannot be written: ${put.status}`);
  response.end();
};
