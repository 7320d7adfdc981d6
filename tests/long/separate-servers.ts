import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadDestinations } from '../../infra/config/load.ts';
import { loadFunctions, PROJECT_DIR } from '../../infra/local/functions.ts';
import type { LocalFunction } from '../../infra/local/invoker.ts';
import { readService, type ServiceDefinition } from '../../infra/local/service.ts';
import {
  LOCAL_CREDENTIALS,
  LOCAL_REGION,
  SESSION_TABLE,
  STAGING_BUCKET,
  UPLOAD_BUCKET,
} from '../../infra/local/stack-options.ts';
import { withBuckets } from '../../lib/access/destination.ts';
import type { StackPlaces } from '../support/upload-check.ts';

/** S3 or DynamoDB in a process of its own, which can be killed and brought back where it was. */
export class ServerProcess {
  readonly #kind: 's3' | 'dynamodb';
  readonly #dataDir: string;
  #child: ChildProcess | undefined;
  #port = 0;

  constructor(kind: 's3' | 'dynamodb', dataDir: string) {
    this.#kind = kind;
    this.#dataDir = dataDir;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const file = fileURLToPath(new URL('./server-child.ts', import.meta.url));
    const child = fork(file, [this.#kind, join(this.#dataDir, this.#kind), `${this.#port}`], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.#child = child;
    const gone = once(child, 'exit').then(([code]) => {
      throw new Error(`${this.#kind} ended with ${code}`);
    });
    const [line] = await Promise.race([once(child.stdout ?? child, 'data'), gone]);
    gone.catch(() => undefined);
    this.#port = Number(`${line}`.trim());
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

/** The two servers apart, and the functions of serverless.yml composed over them in this process. */
export interface SeparateServers {
  readonly s3: ServerProcess;
  readonly dynamodb: ServerProcess;
  readonly service: ServiceDefinition;
  readonly functions: readonly LocalFunction[];
  readonly places: StackPlaces;
  close(): Promise<void>;
}

export const startSeparateServers = async (
  dataDir: string,
  memoryMegabytes?: number,
): Promise<SeparateServers> => {
  const s3 = new ServerProcess('s3', dataDir);
  const dynamodb = new ServerProcess('dynamodb', dataDir);
  await Promise.all([s3.start(), dynamodb.start()]);
  const deployed = readService(await readFile(join(PROJECT_DIR, 'serverless.yml'), 'utf8'));
  const service =
    memoryMegabytes === undefined
      ? deployed
      : { ...deployed, functions: deployed.functions.map((one) => ({ ...one, memoryMegabytes })) };
  const destinations = await loadDestinations(join(PROJECT_DIR, 'infra/destinations.yml'), {
    memoryBytes: 1024 ** 3,
    maxRequestBodyBytes: 1_000_000,
    stagingBucket: STAGING_BUCKET,
  });
  const functions = await loadFunctions(service, {
    destinations: withBuckets(destinations, UPLOAD_BUCKET, STAGING_BUCKET),
    environment: {
      AWS_REGION: LOCAL_REGION,
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
      SESSION_TABLE,
      STAGING_BUCKET,
      UPLOAD_BUCKET,
      LOG_LEVEL: 'SILENT',
    },
  });
  return {
    s3,
    dynamodb,
    service,
    functions,
    places: {
      s3: { endpoint: s3.endpoint, region: LOCAL_REGION, ...LOCAL_CREDENTIALS },
      dynamodb: { endpoint: dynamodb.endpoint, table: SESSION_TABLE },
      buckets: { staging: STAGING_BUCKET, upload: UPLOAD_BUCKET },
    },
    close: async () => {
      await Promise.all([s3.kill(), dynamodb.kill()]);
    },
  };
};
