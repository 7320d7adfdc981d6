import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { FunctionDefinition } from '../../../infra/local/service.ts';
import { Daemon } from '../servers/daemon.ts';
import { RuntimeApi } from './runtime-api.ts';
import type { StoreEnvironment } from './stores.ts';

const run = promisify(execFile);

/** Programs of the machine that Lambda would be: Node 24 and the client that asks for events. */
export interface LambdaTools {
  readonly node: string;
  readonly runtimeClient: string;
}

/** Both, from the folder of packages that were fetched for it. */
export const lambdaToolsIn = (nodeModules: string): LambdaTools => ({
  node: join(nodeModules, 'node', 'bin', 'node'),
  runtimeClient: join(nodeModules, 'aws-lambda-ric', 'index.mjs'),
});

/** A packaged function, unpacked. */
export interface BundledFunction {
  readonly definition: FunctionDefinition;
  readonly folder: string;
  readonly archiveBytes: number;
}

/** Unpacks an archive of `npm run package`, given in base64. */
export const unpack = async (
  definition: FunctionDefinition,
  archive: string,
  root: string,
): Promise<BundledFunction> => {
  const folder = join(root, definition.name);
  await mkdir(folder);
  const bytes = Buffer.from(archive, 'base64');
  const file = `${folder}.zip`;
  await writeFile(file, bytes);
  await run('unzip', ['-q', file, '-d', folder]);
  return { definition, folder, archiveBytes: bytes.byteLength };
};

/** What Lambda sets for a function, and what the service sets beside it. */
const environmentOf = ({ definition, folder }: BundledFunction, stores: StoreEnvironment) => ({
  ...stores,
  LAMBDA_TASK_ROOT: folder,
  AWS_LAMBDA_FUNCTION_NAME: definition.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMegabytes),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${definition.name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: 'test',
});

/** One execution environment of a function, under the real runtime client. */
export interface ExecutionEnvironment {
  invoke(event: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

export const startEnvironment = async (
  bundled: BundledFunction,
  stores: StoreEnvironment,
  { node, runtimeClient }: LambdaTools,
): Promise<ExecutionEnvironment> => {
  const { definition, folder } = bundled;
  const api = await RuntimeApi.start(definition.timeoutMs);
  const environment = {
    ...environmentOf(bundled, stores),
    AWS_LAMBDA_RUNTIME_API: api.address,
    _HANDLER: definition.handler,
  };
  const logFile = `${folder}.log`;
  const daemon = await Daemon.start(node, [runtimeClient], {
    cwd: folder,
    environment,
    logFile,
  });
  const stop = async () => {
    await daemon.stop();
    await api.close();
  };
  try {
    await daemon.ready(async () => api.isIdle);
  } catch (error) {
    await stop();
    throw error;
  }
  return { invoke: (event) => api.invoke(event), stop };
};

const measurement = `const begin = performance.now();
await import(process.argv[1]);
console.log(JSON.stringify({ milliseconds: performance.now() - begin, node: process.version }));`;

/** Time to import and compose the function in a new process, in milliseconds: the part of a cold start that is ours. */
export const coldImport = async (
  { definition, folder, ...rest }: BundledFunction,
  stores: StoreEnvironment,
  { node }: LambdaTools,
): Promise<{ readonly milliseconds: number; readonly node: string }> => {
  const handler = definition.handler.slice(0, definition.handler.lastIndexOf('.'));
  const file = join(folder, `${handler}.mjs`);
  const env = { PATH: process.env['PATH'], ...environmentOf({ definition, folder, ...rest }, stores) };
  const { stdout } = await run(node, ['--input-type=module', '-e', measurement, file], { env });
  return z.object({ milliseconds: z.number(), node: z.string() }).parse(JSON.parse(stdout));
};
