import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { listen } from '../../../infra/local/listen.ts';
import type { StartContender } from './contender.ts';
import { loadPackages, uploadxPackages } from './packages.ts';

interface UploadxModule {
  readonly Uploadx: new (options: {
    storage: object;
    path: string;
  }) => { handle(request: IncomingMessage, response: ServerResponse): void };
}
interface UploadxStoreModule {
  readonly S3Storage: new (options: object) => object;
}

/** node-uploadx with its S3 storage: every request is one part, so S3 refuses files of parts under 5 MiB at their end. */
export const uploadxServer: StartContender = async (places) => {
  const [server, store] = await loadPackages(uploadxPackages);
  if (!isUploadx(server) || !isStorage(store))
    throw new TypeError('the packages of uploadx export something else');
  const storage = new store.S3Storage({
    bucket: places.uploadBucket,
    region: places.region,
    endpoint: places.s3Endpoint,
    credentials: places.credentials,
    forcePathStyle: true,
    maxUploadSize: '80GB',
    filename: ({ originalName }: { originalName: string }) => originalName,
  });
  // It looks for its bucket first, and answers 503 until then.
  while (!isReady(storage)) await delay(10);
  const uploadx = new server.Uploadx({ storage, path: '/files' });
  const http = createServer((request, response) => uploadx.handle(request, response));
  const port = await listen(http, { host: '127.0.0.1', port: 0 }, 'port');
  return { kind: 'http', url: `http://127.0.0.1:${port}/` };
};

const isReady = (storage: object): boolean => 'isReady' in storage && storage.isReady === true;

const isUploadx = (module: object | undefined): module is UploadxModule =>
  module !== undefined && 'Uploadx' in module && typeof module.Uploadx === 'function';

const isStorage = (module: object | undefined): module is UploadxStoreModule =>
  module !== undefined && 'S3Storage' in module && typeof module.S3Storage === 'function';
