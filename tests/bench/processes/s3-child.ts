/** The embedded S3 in a process of its own, so that its processor time is not the server's. */
import { rmSync } from 'node:fs';
import {
  type EmbeddedS3,
  type FaultAction,
  type FaultTarget,
  openEmbeddedS3,
  type S3Stats,
} from '../../../infra/local/s3/index.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../../infra/local/stack-options.ts';
import type { ServiceLatency } from './latency.ts';
import { serveParent } from './served.ts';

export interface S3ChildOptions {
  readonly dataDir: string;
  readonly buckets: readonly string[];
  /** False: bytes are verified, counted and forgotten. */
  readonly keepsBodies: boolean;
}

let server: EmbeddedS3 | undefined;
let dataDir = '';
let latency: ServiceLatency | undefined;

/** What a GetObject will have to move; keys are used once, so the first length holds. */
const sizes = new Map<string, number>();

const delayed = ({ name, bucket, key, contentLengthBytes }: FaultTarget): FaultAction => {
  if (name === 'PutObject') sizes.set(`${bucket}/${key}`, contentLengthBytes);
  if (latency === undefined) return { kind: 'proceed' };
  const moved = name === 'GetObject' ? (sizes.get(`${bucket}/${key}`) ?? 0) : contentLengthBytes;
  return { kind: 'delay', delayMs: latency.s3CallMs + moved / latency.s3BytesPerMs };
};

const opened = (): EmbeddedS3 => {
  if (server === undefined) throw new Error('the embedded S3 is not open');
  return server;
};

const methods = {
  open: async (options: S3ChildOptions): Promise<string> => {
    dataDir = options.dataDir;
    server = await openEmbeddedS3({
      ...options,
      region: LOCAL_REGION,
      credentials: LOCAL_CREDENTIALS,
      onRequest: delayed,
    });
    return (await server.listen({ host: '127.0.0.1', port: 0 })).url;
  },
  /** With `undefined`, as fast as this machine is. */
  delayBy: (wanted: ServiceLatency | undefined): void => {
    latency = wanted;
  },
  stats: (): S3Stats => opened().stats(),
  resetStats: (): void => opened().resetStats(),
};

export type S3Methods = typeof methods;

serveParent(methods, () => {
  if (dataDir !== '') rmSync(dataDir, { recursive: true, force: true });
});
