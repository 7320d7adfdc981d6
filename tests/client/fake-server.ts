import { randomUUID } from 'node:crypto';
import type { Credentials } from '../support/bits-client/index.ts';
import { headerValue } from '../support/http/message.ts';
import type { Defect } from './defects.ts';
import { FakeBits } from './fake-bits.ts';
import { type FakeAnswer, type FakeRequest, startFakeHttp } from './fake-http.ts';
import type { FakeDestination } from './fake-session.ts';

export interface FakeServerOptions {
  readonly destinations?: readonly FakeDestination[];
  readonly defects?: readonly Defect[];
  readonly port?: number;
  /** Answers in place of the server where it returns something; sees every request first. */
  readonly intercept?: (request: FakeRequest) => FakeAnswer | undefined;
}

export interface FakeServer {
  readonly url: URL;
  readonly port: number;
  /** Objects by path, percent-encoding undone. */
  readonly objects: Map<string, Buffer>;
  /** Every request, in order. */
  readonly requests: readonly FakeRequest[];
  /** Ends a session as its timeout would. */
  expire(sessionId: string): void;
  readObject(url: URL): Promise<Buffer | undefined>;
  close(): Promise<void>;
}

export const CREDENTIALS: Credentials = { user: 'alice', password: 'opensesame' };

export const REPLY = Buffer.from('THIS-IS-THE-REPLY-OF-THE-APPLICATION-40B');

/** One destination for each thing that the conformance suite can be told about. */
export const DESTINATIONS: readonly FakeDestination[] = [
  { prefix: '/uploads/', fragmentLimitBytes: 1_000_000, maxUploadSizeBytes: 1_000_000_000, sessionQuota: 8 },
  { prefix: '/overwrite/', allowOverwrites: true },
  { prefix: '/disabled/', isDisabled: true },
  { prefix: '/private/', credentials: CREDENTIALS },
  { prefix: '/forbidden/', credentials: CREDENTIALS, isForbidden: true },
  { prefix: '/last/', publishOn: 'last-fragment' },
  { prefix: '/reply/', publishOn: 'last-fragment', reply: REPLY },
];

/**
 * A BITS server in memory, mode O, that keeps every rule of the protocol but those its defects name: what the client
 * and the conformance suite are tested against. Not a model of the product, and no code of it.
 */
export async function startFakeServer(options: FakeServerOptions = {}): Promise<FakeServer> {
  const requests: FakeRequest[] = [];
  const bits = new FakeBits({
    destinations: options.destinations ?? DESTINATIONS,
    defects: new Set(options.defects ?? []),
    newId: () => `{${randomUUID().toUpperCase()}}`,
  });
  const http = await startFakeHttp((request) => {
    requests.push(request);
    const intercepted = options.intercept?.(request);
    if (intercepted !== undefined) return intercepted;
    if (request.method === 'GET' || request.method === 'HEAD') return serveReply(request, bits);
    return bits.handle(request);
  }, options.port);
  return {
    url: new URL(`http://127.0.0.1:${http.port}/`),
    port: http.port,
    objects: bits.objects,
    requests,
    expire: (sessionId) => bits.expire(sessionId),
    readObject: async (url) => bits.objects.get(decodeURIComponent(url.pathname)),
    close: () => http.close(),
  };
}

const LAST_MODIFIED = 'Mon, 06 Jan 2025 10:00:00 GMT';

function serveReply(request: FakeRequest, bits: FakeBits): FakeAnswer {
  const reply = bits.replies.get(request.target);
  if (reply === undefined) return bits.handleOther();
  const match = /^bytes=(\d+)-(\d*)$/.exec(headerValue(request.headers, 'Range') ?? '');
  const first = Number(match?.[1] ?? 0);
  const last = Math.min(match?.[2] ? Number(match[2]) : Infinity, reply.length - 1);
  const part = reply.subarray(first, last + 1);
  return {
    status: match === null ? 200 : 206,
    reason: match === null ? 'OK' : 'Partial Content',
    headers: [
      ['Accept-Ranges', 'bytes'],
      ['Last-Modified', LAST_MODIFIED],
      ...(match === null ? [] : [['Content-Range', `bytes ${first}-${last}/${reply.length}`] as const]),
      ['Content-Type', 'application/octet-stream'],
      ['Content-Length', String(part.length)],
    ],
    body: request.method === 'HEAD' ? undefined : part,
  };
}
