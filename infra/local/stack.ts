import { join } from 'node:path';
import type { ResolvedDestination } from '../../lib/access/destination.ts';
import { ticketKeysFile, usersFile } from '../identity/files.ts';
import { type FrontDoorOptions, startFrontDoor } from './alb/front-door.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { startLocalDynamoDb } from './dynamodb.ts';
import { StartError, systemErrorCode } from './errors.ts';
import { openEventLog } from './event-log.ts';
import { EVENTS_FUNCTION, loadFunctions, PROJECT_DIR, SWEEP_FUNCTION } from './functions.ts';
import { createInvoker } from './invoker.ts';
import { type LambdaEndpoint, loadLambdas, startLambdaEndpoint } from './lambda-endpoint.ts';
import { clientHost, portUnavailable } from './listen.ts';
import { type EmbeddedS3, openEmbeddedS3 } from './s3/index.ts';
import { readService } from './service.ts';
import { checkTimers, readConfig, readDestinations } from './stack-configuration.ts';
import { removeStackFile, type StackFile, writeStackFile } from './stack-file.ts';
import {
  CERTIFICATE_TARGET_GROUPS,
  LOCAL_CREDENTIALS,
  LOCAL_REGION,
  type LocalStackOptions,
  SESSION_TABLE,
  STAGING_BUCKET,
  UPLOAD_BUCKET,
} from './stack-options.ts';
import { readSessionTable } from './storage-template.ts';
import { startSweeper } from './sweeper.ts';

export type { LocalStackOptions } from './stack-options.ts';

/** A running stack. */
export interface LocalStack {
  /** Base URL without a slash at its end: a destination's URL is this and its prefix. */
  readonly url: string;
  /** The same for destinations with `access: mtls`, where certificates are played. */
  readonly certificateUrl: string | undefined;
  readonly s3: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    /** The embedded S3 itself: counters, conflicts, requests without a socket. */
    readonly server: EmbeddedS3;
  };
  readonly dynamodb: { readonly endpoint: string; readonly table: string };
  readonly buckets: { readonly staging: string; readonly upload: string };
  readonly destinations: readonly ResolvedDestination[];
  readonly dataDir: string;
  /** Lets running requests finish (up to 35 s), closes everything and removes `stack.json`. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts everything that a deployed service has, in this process, over one folder: the real functions behind
 * a stand-in for the load balancer, on an embedded S3 and DynamoDB. Resolves when a client may connect and
 * `stack.json` in the folder says where.
 *
 * Throws `StartError` for whatever the caller can put right; then nothing is left running and the folder is free.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const closers: (() => Promise<void>)[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await start(options, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function start(
  options: LocalStackOptions,
  closers: (() => Promise<void>)[],
  closeAll: () => Promise<void>,
): Promise<LocalStack> {
  const { dataDir, host = '127.0.0.1' } = options;
  const service = readService(
    await readConfig(options.serviceFile ?? join(PROJECT_DIR, 'serverless.yml'), 'BAD_SERVICE'),
  );
  const storageYml = await readConfig(
    options.storageFile ?? join(PROJECT_DIR, 'infra/storage.yml'),
    'BAD_STORAGE_TEMPLATE',
  );
  const table = readSessionTable(storageYml);
  const destinations = await readDestinations(
    options.destinationsFile ?? join(PROJECT_DIR, 'infra/destinations.yml'),
    service,
  );

  checkTimers(options);

  const lock = await lockDataDir(dataDir);
  closers.push(() => lock.release());
  await removeStackFile(dataDir);
  closers.push(() => removeStackFile(dataDir));

  const s3 = await startS3(options, host, destinations);
  closers.push(() => s3.server.close());

  const database = await startLocalDynamoDb({
    host,
    port: options.dynamoDbPort ?? 0,
    dataDir: join(dataDir, 'dynamodb'),
    tableName: SESSION_TABLE,
    table,
  });
  closers.push(() => database.close());

  const aws = {
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
  };
  const lambda = await startLambdas(options, aws);
  closers.push(() => lambda.close());

  const functions = await loadFunctions(service, {
    destinations,
    environment: {
      ...aws,
      SESSION_TABLE,
      STAGING_BUCKET,
      UPLOAD_BUCKET,
      LOG_LEVEL: options.logLevel ?? 'ERROR',
      // As where they are deployed: over TLS bodies are not signed. The loopback interface stands in for it.
      S3_PAYLOAD_SIGNING: 'off',
      AWS_ENDPOINT_URL_LAMBDA: lambda.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
      USERS_DOCUMENT: `file:${usersFile(dataDir)}`,
      TICKET_KEYS_DOCUMENT: `file:${ticketKeysFile(dataDir)}`,
      MTLS_TARGET_GROUPS: CERTIFICATE_TARGET_GROUPS,
      // Its doors speak nothing else.
      ALLOW_HTTP: 'true',
      ...options.timers,
    },
  });
  const invoke = createInvoker(functions);
  if (functions.some(({ name }) => name === EVENTS_FUNCTION)) {
    const { onEvent } = options;
    const enrich = (records: unknown) => invoke(EVENTS_FUNCTION, records);
    database.watch(
      openEventLog({ dataDir, region: LOCAL_REGION, enrich, ...(onEvent === undefined ? {} : { onEvent }) }),
    );
  }
  if (functions.some(({ name }) => name === SWEEP_FUNCTION)) {
    const sweeper = startSweeper({
      ...options.sweep,
      dynamoDbEndpoint: database.endpoint,
      tableName: SESSION_TABLE,
      invoke: (event) => invoke(SWEEP_FUNCTION, event),
    });
    closers.push(() => sweeper.stop());
  }
  const openDoor = async (port: number, variable: string, own: Pick<FrontDoorOptions, 'certificates'>) => {
    const address = { host, port };
    const door = await startFrontDoor({
      ...address,
      rules: service.rules,
      invoke,
      ...own,
      ...(options.oversize === undefined ? {} : { oversize: options.oversize }),
      ...(options.onAnswer === undefined ? {} : { onAnswer: options.onAnswer }),
    }).catch((error: unknown) => {
      throw portUnavailable(error, address, variable);
    });
    closers.push(() => door.close());
    return `http://${clientHost(host)}:${door.port}`;
  };
  const { certificates } = options;
  const url = await openDoor(options.port ?? 0, 'PORT', {});
  const certificateUrl =
    certificates === undefined
      ? undefined
      : await openDoor(certificates.port ?? 0, 'MTLS_PORT', {
          certificates: { ...certificates, targetGroups: CERTIFICATE_TARGET_GROUPS, invoke },
        });

  const stack = {
    url,
    certificateUrl,
    s3: {
      endpoint: s3.endpoint,
      region: LOCAL_REGION,
      credentials: { ...LOCAL_CREDENTIALS },
      server: s3.server,
    },
    dynamodb: { endpoint: database.endpoint, table: SESSION_TABLE },
    buckets: { staging: STAGING_BUCKET, upload: UPLOAD_BUCKET },
    destinations,
    dataDir,
  };
  await writeStackFile(dataDir, stackFile(stack));
  let stopped: Promise<void> | undefined;
  return {
    ...stack,
    stop() {
      stopped ??= closeAll();
      return stopped;
    },
  };
}

/** What somebody else wrote finds the stack's S3 where the SDK looks for it: in this process's variables. */
async function startLambdas(
  { lambdas = {}, lambdaFiles }: LocalStackOptions,
  variables: Readonly<Record<string, string>>,
): Promise<LambdaEndpoint> {
  if (lambdaFiles === undefined) return startLambdaEndpoint(lambdas);
  Object.assign(process.env, variables);
  return startLambdaEndpoint({ ...lambdas, ...(await loadLambdas(lambdaFiles, process.cwd())) });
}

async function startS3(
  options: LocalStackOptions,
  host: string,
  destinations: readonly ResolvedDestination[],
): Promise<{ readonly server: EmbeddedS3; readonly endpoint: string }> {
  const server = await openS3(options, destinations);
  const address = { host, port: options.s3Port ?? 0 };
  try {
    const { port } = await server.listen(address);
    return { server, endpoint: `http://${clientHost(host)}:${port}` };
  } catch (error) {
    await server.close();
    throw portUnavailable(error, address, 'S3_PORT');
  }
}

async function openS3(
  options: LocalStackOptions,
  destinations: readonly ResolvedDestination[],
): Promise<EmbeddedS3> {
  const dataDir = join(options.dataDir, 's3');
  try {
    return await openEmbeddedS3({
      ...options.s3,
      dataDir,
      region: LOCAL_REGION,
      credentials: LOCAL_CREDENTIALS,
      buckets: [...new Set([STAGING_BUCKET, UPLOAD_BUCKET, ...destinations.map(({ bucket }) => bucket)])],
    });
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    throw new StartError('DATA_DIR_UNUSABLE', `DATA_DIR: ${dataDir} cannot be used (${code})`, { cause });
  }
}

function stackFile(stack: Omit<LocalStack, 'stop'>): StackFile {
  return {
    bits: stack.url,
    s3: { endpoint: stack.s3.endpoint, region: stack.s3.region, ...stack.s3.credentials },
    dynamodb: stack.dynamodb,
    buckets: stack.buckets,
    destinations: stack.destinations.map((destination) => ({
      prefix: destination.prefix,
      bucket: destination.bucket,
      fragmentLimitBytes: destination.fragmentLimitBytes,
      maximumUploadBytes: destination.maximumUploadBytes,
      allowOverwrites: destination.allowOverwrites,
      enabled: destination.enabled,
    })),
    pid: process.pid,
  };
}
