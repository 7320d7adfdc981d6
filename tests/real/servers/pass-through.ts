import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { RealServer } from './real-server.ts';

/** What is changed on the way to a server that is particular about something that does not matter here. */
export interface Changes {
  /** The headers that the backend gets in place of these. */
  readonly headers?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** An XML answer in place of the backend's, `undefined` to ask it. */
  readonly answer?: (body: Buffer) => string | undefined;
}

/** Passes HTTP requests on to `backend` (`http://host:port`), each body whole. */
export const startPassThrough = async (backend: string, changes: Changes): Promise<RealServer> => {
  const { headers: changed = (headers) => headers, answer: ownAnswer = () => undefined } = changes;
  const server = createServer((incoming, answer) => {
    const pass = async () => {
      const body = await bodyOf(incoming);
      const own = ownAnswer(body);
      if (own !== undefined) {
        answer.writeHead(200, { 'Content-Type': 'text/xml' }).end(own);
        return;
      }
      const { method, url, headers } = incoming;
      const outgoing = request(
        new URL(url ?? '/', backend),
        { method, headers: changed(headers) },
        (response) => {
          answer.writeHead(response.statusCode ?? 502, response.headers);
          response.pipe(answer);
        },
      );
      // The client sees a broken connection, as it would without us.
      outgoing.on('error', () => answer.destroy());
      outgoing.end(body);
    };
    void pass().catch(() => answer.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
};

const bodyOf = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
};

/**
 * DynamoDB Local takes an access key of letters and digits only, and does not check signatures; Swift's keys have a
 * colon, and a function has one pair of credentials for both. This passes requests on with a plain key.
 */
export const startPlainCredentials = (backend: string): Promise<RealServer> =>
  startPassThrough(backend, {
    headers: ({ authorization, ...headers }) =>
      authorization === undefined
        ? headers
        : { ...headers, authorization: authorization.replace(/Credential=[^/]*/, 'Credential=plain') },
  });
