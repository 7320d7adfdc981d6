import { createServer, request } from 'node:http';
import type { RealServer } from './real-server.ts';

/**
 * DynamoDB Local takes an access key of letters and digits only, and does not check signatures; Swift's keys have a
 * colon, and a function has one pair of credentials for both. This passes requests on to `backend` with a plain key.
 */
export const startPlainCredentials = async (backend: string): Promise<RealServer> => {
  const server = createServer((incoming, answer) => {
    const { method, url, headers } = incoming;
    const authorization = headers.authorization?.replace(/Credential=[^/]*/, 'Credential=plain');
    const outgoing = request(
      new URL(url ?? '/', backend),
      { method, headers: authorization === undefined ? headers : { ...headers, authorization } },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      },
    );
    // The client sees a broken connection, as it would without us.
    outgoing.on('error', () => answer.destroy());
    incoming.pipe(outgoing);
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
