import { SigningKeys } from './auth/signature.ts';
import type { CompleteConflict, RepeatedComplete } from './call.ts';
import { ClosedError } from './errors.ts';
import type { FaultHook } from './faults.ts';
import { type Handling, handle } from './handler.ts';
import type { S3Request, S3Response } from './http.ts';
import { checkBucketName } from './operations/buckets.ts';
import { type ListeningS3, listen } from './server.ts';
import { Counters, type S3Stats } from './stats.ts';
import { Catalog } from './store/catalog.ts';
import { RecordFiles } from './store/record-files.ts';

/** How an embedded S3 is set up. */
export interface EmbeddedS3Options {
  /** Made if it is not there. It belongs to this server alone, and to one process at a time. */
  readonly dataDir: string;
  /** The one region that signatures may name. */
  readonly region: string;
  /** The one account. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Made if they are not there. */
  readonly buckets?: readonly string[];
  /** Epoch milliseconds; dates of objects and the validity of signatures go by it. Default: the system's clock. */
  readonly now?: () => number;
  /** Default true. False: nobody is asked who they are, for simulations that make millions of requests themselves. */
  readonly checksSignatures?: boolean;
  /** How far a signature's time may be off, either way. Default 15 minutes, as S3; `Infinity` for clocks that leap. */
  readonly maxClockSkewMs?: number;
  /** The least size of every part but the last. Default 5 MiB, as S3; less lets tests use small files. */
  readonly minPartBytes?: number;
  /**
   * Default true. False: bodies are received, verified and counted like any other and then forgotten, for measurements with
   * more data than a disk has; reading an object answers 500.
   */
  readonly keepsBodies?: boolean;
  /** Default `no-such-upload`. */
  readonly repeatedComplete?: RepeatedComplete;
  /** Default: nothing goes wrong. */
  readonly onRequest?: FaultHook;
  /** Told of every failure that a client sees as 500 InternalError. Default: written to standard error. */
  readonly onInternalError?: (error: unknown, request: S3Request) => void;
}

/** S3 in this process, over a folder. */
export interface EmbeddedS3 {
  /**
   * Answer a request without a socket. Rejects with `ConnectionLostError` where a client would see the connection
   * break, and with `ClosedError` after `close`.
   */
  handle(request: S3Request): Promise<S3Response>;
  /** Serve the same over HTTP. `close` closes this too. */
  listen(address: { readonly host: string; readonly port: number }): Promise<ListeningS3>;
  /** Make a coming CompleteMultipartUpload answer 409, once. */
  conflictOnComplete(conflict: CompleteConflict): void;
  /** The counters since the start or the last reset. */
  stats(): S3Stats;
  resetStats(): void;
  /** Let requests under way and clean-ups finish. What was answered is on disk all the time, not only after this. */
  close(): Promise<void>;
}

const fifteenMinutesMs = 15 * 60 * 1000;
const fiveMebibytes = 5 * 1024 * 1024;

/**
 * Open an S3 whose objects live in a folder. What it has answered survives the end of the process at any moment,
 * `kill -9` included; a power cut may cost what the operating system had not written yet.
 *
 * Throws `DamagedRecordError` when a file in the folder is not its own, `S3Error` for a bad bucket name.
 */
export async function openEmbeddedS3(options: EmbeddedS3Options): Promise<EmbeddedS3> {
  const nowMs = options.now ?? Date.now;
  const catalog = await Catalog.load(
    RecordFiles.open(options.dataDir, { keepsBodies: options.keepsBodies ?? true }),
  );
  for (const bucket of options.buckets ?? []) {
    checkBucketName(bucket);
    if (catalog.findBucket(bucket) === undefined)
      catalog.createBucket({ kind: 'bucket', bucket, createdAtMs: nowMs() });
  }
  const conflicts: CompleteConflict[] = [];
  const counters = new Counters();
  const authority = {
    accessKeyId: options.credentials.accessKeyId,
    signingKeys: new SigningKeys(options.credentials.secretAccessKey),
    region: options.region,
    maxClockSkewMs: options.maxClockSkewMs ?? fifteenMinutesMs,
    nowMs,
  };
  const handling: Handling = {
    env: {
      catalog,
      region: options.region,
      nowMs,
      minPartBytes: options.minPartBytes ?? fiveMebibytes,
      repeatedComplete: options.repeatedComplete ?? 'no-such-upload',
      conflicts,
    },
    authority: options.checksSignatures === false ? undefined : authority,
    counters,
    onRequest: options.onRequest,
    onInternalError: options.onInternalError ?? logInternalError,
  };
  const underWay = new Set<Promise<unknown>>();
  const servers: ListeningS3[] = [];
  let isClosed = false;

  const track = async (request: S3Request): Promise<S3Response> => {
    if (isClosed) throw new ClosedError();
    const answer = handle(request, handling);
    underWay.add(answer);
    try {
      return await answer;
    } finally {
      underWay.delete(answer);
    }
  };

  return {
    handle: track,
    listen: async (address) => {
      const server = await listen(track, handling.onInternalError, address);
      servers.push(server);
      return server;
    },
    conflictOnComplete: (conflict) => void conflicts.push(conflict),
    stats: () => counters.read(),
    resetStats: () => counters.reset(),
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
      isClosed = true;
      await Promise.allSettled(underWay);
      await catalog.settled();
    },
  };
}

function logInternalError(error: unknown, { method, path }: S3Request): void {
  console.error(`embedded S3: ${method} ${path} failed`, error);
}
