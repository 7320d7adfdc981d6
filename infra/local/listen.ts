import type { Server } from 'node:net';
import { StartError, systemErrorCode } from './errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use',
  EACCES: 'may not be opened by this user',
  EADDRNOTAVAIL: 'cannot be opened: this machine does not have that address',
  ENOTFOUND: 'cannot be opened: no such host',
};

/**
 * Listens and returns the port that was taken. Throws `StartError` (`PORT_UNAVAILABLE`) naming `setting`, the
 * environment variable behind the port.
 */
export async function listen(
  server: Server,
  address: { readonly host: string; readonly port: number },
  setting: string,
): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address.host, port: address.port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    throw portUnavailable(error, address, setting);
  }
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : address.port;
}

/** A failure to listen → one that names the setting to change. Other failures come back as they are. */
export function portUnavailable(
  error: unknown,
  address: { readonly host: string; readonly port: number },
  setting: string,
): unknown {
  const reason = REASONS[systemErrorCode(error) ?? ''];
  if (reason === undefined) return error;
  const message = `port ${address.port} on ${address.host} ${reason}; set ${setting} to another one`;
  return new StartError('PORT_UNAVAILABLE', message, { cause: error });
}

/** The host part of a URL by which a client on this machine reaches a server that listens on `host`. */
export function clientHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
