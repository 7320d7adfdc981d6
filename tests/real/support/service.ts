import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDestinations } from '../../../infra/config/load.ts';
import { type AlbEvent, DEFAULT_LIMITS, startFrontDoor } from '../../../infra/local/alb/front-door.ts';
import { loadFunctions, PROJECT_DIR } from '../../../infra/local/functions.ts';
import { createInvoker } from '../../../infra/local/invoker.ts';
import { readService, type ServiceDefinition } from '../../../infra/local/service.ts';
import { withBuckets } from '../../../lib/access/destination.ts';
import type { StoreEnvironment } from './stores.ts';

/** The front door with functions behind it, over stores that are somewhere else. */
export interface Service {
  /** Without a slash at its end. */
  readonly url: string;
  /** Lets running requests finish. */
  stop(): Promise<void>;
}

export type Invoke = (functionName: string, event: AlbEvent) => Promise<unknown>;

export const projectService = async (): Promise<ServiceDefinition> =>
  readService(await readFile(join(PROJECT_DIR, 'serverless.yml'), 'utf8'));

/** The front door on a port of 127.0.0.1 (0: a free one); `invoke` runs the functions. */
export const startDoor = async (invoke: Invoke, port = 0): Promise<Service> => {
  const { rules } = await projectService();
  const door = await startFrontDoor({ host: '127.0.0.1', port, rules, invoke });
  return { url: `http://127.0.0.1:${door.port}`, stop: () => door.close() };
};

/** The door with the real functions in this process, told by `environment` where their stores are. */
export const startService = async (environment: StoreEnvironment, port = 0): Promise<Service> => {
  const service = await projectService();
  const fragment = service.functions.find(({ name }) => name === 'fragment');
  const stagingBucket = environment['STAGING_BUCKET'] ?? '';
  const loaded = await loadDestinations(join(PROJECT_DIR, 'infra/destinations.yml'), {
    memoryBytes: (fragment?.memoryMegabytes ?? 0) * 1024 ** 2,
    maxRequestBodyBytes: DEFAULT_LIMITS.maxBodyBytes,
    stagingBucket,
  });
  const destinations = withBuckets(loaded, environment['UPLOAD_BUCKET'] ?? '', stagingBucket);
  return startDoor(createInvoker(await loadFunctions(service, { destinations, environment })), port);
};
