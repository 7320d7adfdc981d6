import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A server could not be started. The message has what it printed last. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError';
  readonly code = 'SERVER_NOT_STARTED';
}

const stopGraceMs = 15_000;
const linesTold = 30;
const running = new Set<ChildProcess>();

// The net under every stop(): whatever ends this process, no server outlives it.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface DaemonOptions {
  /** Added to this process's own variables. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Gets standard output and standard error. */
  readonly logFile: string;
}

/** A program that stays in the foreground until it is told to stop. */
export class Daemon {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #logFile: string;
  readonly #exited: Promise<void>;
  #failure: Error | undefined;

  private constructor(name: string, child: ChildProcess, logFile: string) {
    this.#name = name;
    this.#child = child;
    this.#logFile = logFile;
    running.add(child);
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#failure = error;
        running.delete(child);
        resolve();
      });
      child.once('exit', () => {
        running.delete(child);
        resolve();
      });
    });
  }

  static async start(command: string, args: readonly string[], options: DaemonOptions): Promise<Daemon> {
    const log = await open(options.logFile, 'a');
    try {
      const child = spawn(command, args, {
        env: { ...process.env, ...options.environment },
        stdio: ['ignore', log.fd, log.fd],
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      });
      return new Daemon(command, child, options.logFile);
    } finally {
      await log.close();
    }
  }

  /** Asks again and again until `isReady` says so. Rejects with ServerStartError when the program ended or `withinMs` passed. */
  async ready(isReady: () => Promise<boolean>, withinMs = 120_000): Promise<void> {
    const untilMs = performance.now() + withinMs;
    while (!(await isReady())) {
      if (!running.has(this.#child)) throw await this.#startError('ended');
      if (performance.now() > untilMs) throw await this.#startError('is not ready');
      await delay(100);
    }
  }

  /** SIGTERM, and SIGKILL for what is still there after 15 s. May be called again. */
  async stop(): Promise<void> {
    if (!running.has(this.#child)) return;
    this.#child.kill('SIGTERM');
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), stopGraceMs);
    await this.#exited;
    clearTimeout(kill);
  }

  async #startError(what: string): Promise<ServerStartError> {
    const log = (await readFile(this.#logFile, 'utf8')).trimEnd().split('\n').slice(-linesTold).join('\n');
    return new ServerStartError(`${this.#name} ${what}\n${log}`, { cause: this.#failure });
  }
}

/** So many ports of 127.0.0.1 that nobody listens on at the moment. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: '127.0.0.1', port: 0 }, resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

/** Whether an HTTP server answers there, whatever it answers. */
export const answersHttp = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return true;
  } catch (error) {
    // Nobody there yet, or too busy with starting to answer; anything else is a mistake of the caller's.
    if (error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError')) return false;
    throw error;
  }
};
