import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../../../infra/local/listen.ts';
import type { StartContender } from './contender.ts';
import { loadPackages, tusPackages } from './packages.ts';

interface TusServer {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** The part of the two packages that is used here. */
interface TusModule {
  readonly Server: new (options: { path: string; datastore: object }) => TusServer;
}
interface TusStoreModule {
  readonly S3Store: new (options: { s3ClientConfig: object }) => object;
}

/** tus with its own S3 store and its defaults: parts of 8 MiB are preferred, 5 MiB are enough. */
export const tusServer: StartContender = async (places) => {
  const [server, store] = await loadPackages(tusPackages);
  if (!isTus(server) || !isTusStore(store)) throw new TypeError('the packages of tus export something else');
  const datastore = new store.S3Store({
    s3ClientConfig: {
      bucket: places.uploadBucket,
      region: places.region,
      endpoint: places.s3Endpoint,
      credentials: places.credentials,
      forcePathStyle: true,
    },
  });
  const tus = new server.Server({ path: '/files', datastore });
  const http = createServer((request, response) => {
    tus.handle(request, response).catch((error: unknown) => response.destroy(asError(error)));
  });
  const port = await listen(http, { host: '127.0.0.1', port: 0 }, 'port');
  return { kind: 'http', url: `http://127.0.0.1:${port}/` };
};

const isTus = (module: object | undefined): module is TusModule =>
  module !== undefined && 'Server' in module && typeof module.Server === 'function';

const isTusStore = (module: object | undefined): module is TusStoreModule =>
  module !== undefined && 'S3Store' in module && typeof module.S3Store === 'function';

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
