import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../../infra/local/main.ts', import.meta.url));

export interface StackProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<{
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
  /** Resolves when standard output holds `text`; rejects when the process ends before. */
  printed(text: string): Promise<void>;
}

/** `npm start` without npm: main.ts in a process of its own, on free ports unless told otherwise. It ends with the running test. */
export function spawnStack(environment: Readonly<Record<string, string>>): StackProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      S3_PORT: '0',
      DYNAMODB_PORT: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stdout = '';
  let stderr = '';
  let look = () => {};
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    look();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
      look();
    });
  });
  return {
    child,
    exited,
    async printed(text) {
      while (!stdout.includes(text)) {
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${stderr}`);
        await new Promise<void>((resolve) => {
          look = resolve;
        });
      }
    },
  };
}
