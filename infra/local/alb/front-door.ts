import { createServer, type Socket } from 'node:net';
import { BodyMemory } from './body-memory.ts';
import { type CertificateListener, prepareWithCertificate } from './certificates.ts';
import { type AccessRecord, Connection, type ConnectionContext } from './connection.ts';
import { type AlbEvent, toAlbEvent } from './lambda-event.ts';
import { DEFAULT_LIMITS, type FrontDoorLimits } from './limits.ts';
import type { OversizeMode } from './request-body.ts';
import { createRouter, type ListenerRule } from './routing.ts';

export type { AccessRecord } from './connection.ts';
export type { AlbEvent } from './lambda-event.ts';
export { DEFAULT_LIMITS } from './limits.ts';
export type { ListenerRule } from './routing.ts';

export interface FrontDoorOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly rules: readonly ListenerRule[];
  /** Runs a function on an event. A rejection is answered 502; the front door sets no time limit of its own. */
  readonly invoke: (functionName: string, event: AlbEvent) => Promise<unknown>;
  /** A listener that verifies client certificates: it has an `invoke` of its own in place of the other. */
  readonly certificates?: CertificateListener;
  readonly limits?: Partial<FrontDoorLimits>;
  /** What a body over the limit meets. Default `alternate`: drained first, refused early next, and so on. */
  readonly oversize?: OversizeMode | 'alternate';
  /** Called once for every answer, after it was sent. Must not throw. */
  readonly onAnswer?: (record: AccessRecord) => void;
  /** Epoch milliseconds for Date headers and trace ids. Default: the system clock. */
  readonly now?: () => number;
}

export interface FrontDoor {
  readonly host: string;
  readonly port: number;
  /** `http://host:port/` */
  readonly url: string;
  /**
   * Takes no more connections, lets requests that have begun finish and closes. What is still open after
   * `graceMs` (default 35 s, longer than any but a large publication or a slow reply application takes) is cut off.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/**
 * A stand-in for an HTTPS-terminating Application Load Balancer with Lambda targets, without the TLS: listener rules,
 * limits, events, response checks and its own bare answers are those of the real one. It reads HTTP/1.1 from
 * the socket itself, because Node's HTTP server knows a fixed list of methods and `BITS_POST` is not on it.
 *
 * Rejects with the system's error (`EADDRINUSE`, `EACCES`) when it cannot listen.
 */
export async function startFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const connections = new Set<Connection>();
  const context: ConnectionContext = {
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    memory: new BodyMemory(),
    route: createRouter(options.rules),
    now: options.now ?? Date.now,
    prepare: preparing(options),
    oversizeMode: oversizeModes(options.oversize ?? 'alternate'),
    onAnswer: options.onAnswer ?? (() => undefined),
  };
  // Half-open: a client may end its half after the last request and still wants the answer.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => {
    const connection = new Connection(socket, context);
    connections.add(connection);
    void connection.serve().finally(() => connections.delete(connection));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : options.port;
  const urlHost = options.host.includes(':') ? `[${options.host}]` : options.host;

  return {
    host: options.host,
    port,
    url: `http://${urlHost}:${port}/`,
    async close({ graceMs = 35_000 } = {}) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) connection.stop();
      const cutOff = setTimeout(() => {
        for (const connection of connections) connection.abort();
      }, graceMs);
      await closed;
      clearTimeout(cutOff);
    },
  };
}

function preparing({ invoke, certificates }: FrontDoorOptions): ConnectionContext['prepare'] {
  if (certificates !== undefined) return prepareWithCertificate.bind(undefined, certificates);
  return (head, body, options) => {
    const event = toAlbEvent(head, body, options);
    return () => invoke(options.functionName, event);
  };
}

function oversizeModes(wanted: OversizeMode | 'alternate'): () => OversizeMode {
  let isEarlyTurn = true;
  return () => {
    if (wanted !== 'alternate') return wanted;
    isEarlyTurn = !isEarlyTurn;
    return isEarlyTurn ? 'early' : 'drain';
  };
}
