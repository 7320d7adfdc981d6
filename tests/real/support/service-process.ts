import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StoreEnvironment } from './stores.ts';

const main = fileURLToPath(new URL('service-main.ts', import.meta.url));

export interface ServiceProcess {
  readonly url: string;
  /** SIGKILL, and it is gone. */
  kill(): Promise<void>;
}

/** The service in a process of its own. Rejects when the process ends before it listens. */
export const spawnService = async (environment: StoreEnvironment, port = 0): Promise<ServiceProcess> => {
  const child = spawn(process.execPath, ['--import', 'tsx', main], {
    env: {
      PATH: process.env['PATH'],
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      ...environment,
      PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit');
  return {
    url: await firstLine(child),
    async kill() {
      kill();
      await exited;
      process.off('exit', kill);
    },
  };
};

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const end = text.indexOf('\n');
      if (end !== -1) resolve(text.slice(0, end));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the service ended with ${code} before it listened`)));
  });
