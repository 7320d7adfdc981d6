import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answersHttp, Daemon, freePorts } from './daemon.ts';
import type { RealServer } from './real-server.ts';

/** haproxy in front of `backend` (`http://host:port`). It writes header names in lower case, in both directions. */
export const startHaproxy = async (folder: string, backend: string): Promise<RealServer> => {
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'haproxy.cfg');
  await writeFile(
    file,
    `defaults
  mode http
  timeout connect 10s
  timeout client 300s
  timeout server 300s
frontend door
  bind 127.0.0.1:${port}
  default_backend bits
backend bits
  server bits ${new URL(backend).host}
`,
  );
  return startProxy(folder, port, 'haproxy', ['-db', '-f', file]);
};

/** caddy in front of `backend`. It passes names as they are and drops the Content-Length of an empty body. */
export const startCaddy = async (folder: string, backend: string): Promise<RealServer> => {
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'Caddyfile');
  await writeFile(
    file,
    `{
  admin off
  auto_https off
  storage file_system ${folder}
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy ${new URL(backend).host}
}
`,
  );
  return startProxy(folder, port, 'caddy', ['run', '--config', file, '--adapter', 'caddyfile']);
};

const startProxy = async (
  folder: string,
  port: number,
  program: string,
  args: readonly string[],
): Promise<RealServer> => {
  const daemon = await Daemon.start(program, args, {
    environment: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    logFile: join(folder, `${program}.out`),
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
