import type { AllowRule } from './allow.ts';
import type { FileNameRules } from './file-names.ts';
import type { ObjectRules } from './object-terms.ts';
import type { ReplyApplication } from './reply-application.ts';

/**
 * Where uploads under one URL prefix go, and on what terms. Compiled and validated when the service is packaged; plain
 * JSON data, so that functions carry neither a schema nor a YAML library.
 */
export interface Destination {
  /** Decoded URL path; starts and ends with `/`. Compared exactly, letter case included. */
  readonly prefix: string;
  /** `null`: the stack's own bucket, whose name is only known where the stack runs. */
  readonly bucket: string | null;
  /** See `expandKey`. */
  readonly keyTemplate: string;
  /** A larger announced total is answered 500 BG_E_TOO_LARGE. */
  readonly maximumUploadBytes: number;
  /** A longer FRAGMENT body is answered 413, and the client shrinks. */
  readonly fragmentLimitBytes: number;
  /** Whether an object that is already there may be replaced. */
  readonly allowOverwrites: boolean;
  /** Sessions that a principal may have open at a time; `null` for no limit, and where nobody is told apart. */
  readonly sessionsPerPrincipal: number | null;
  /** Their totals, summed; `null` for no limit. */
  readonly openBytesPerPrincipal: number | null;
  /** A file of another name is refused at CREATE; a session that is there stays. */
  readonly fileNames: FileNameRules;
  /** Idle life of a session; only a FRAGMENT that stored something restarts it. */
  readonly sessionTimeoutSeconds: number;
  /** How long a complete file waits for its CLOSE before the sweep publishes it; `null`: as the functions have it. */
  readonly closeGraceSeconds: number | null;
  /** When the object appears: at CLOSE-SESSION, or before the last fragment is acknowledged. */
  readonly publishOn: 'close-session' | 'last-fragment';
  /** Off: every packet here is answered 501 E_ACCESSDENIED. */
  readonly enabled: boolean;
  /**
   * How callers are known: any of these will do. Never empty; `none` (everyone who reaches the URL) and `mtls` (behind a
   * listener of its own) stand alone.
   */
  readonly access: readonly AccessKind[];
  /** With `mtls`: `subject`, or the type of the one attribute of it that names the principal; else `null`. */
  readonly principalFrom: string | null;
  /** Who may write where; `null`: everybody who is known, everywhere. */
  readonly allow: readonly AllowRule[] | null;
  /** What a published object carries, and how it is kept. */
  readonly objects: ObjectRules;
  /** Who is told of a finished upload, and answers it; `null` for an ordinary destination. */
  readonly reply: ReplyApplication | null;
}

/** Ways to know who is calling. */
export type AccessKind = 'none' | 'mtls' | 'ticket' | 'basic';

/** A destination whose bucket is known. */
export interface ResolvedDestination extends Destination {
  readonly bucket: string;
}

/** The destinations and the stack they run in do not fit together: a deployment's fault, never a request's. */
export class DestinationError extends Error {
  readonly code: 'UPLOAD_BUCKET_MISSING' | 'STAGING_BUCKET_IS_DESTINATION';

  constructor(code: DestinationError['code'], message: string) {
    super(message);
    this.name = 'DestinationError';
    this.code = code;
  }
}

/**
 * The destinations, frozen, with the stack's own bucket put in where none was named.
 *
 * @throws DestinationError `UPLOAD_BUCKET_MISSING` when one needs `uploadBucket` and it is empty;
 *   `STAGING_BUCKET_IS_DESTINATION` when one writes to `stagingBucket`, whose lifecycle rules delete what lies there.
 */
export const withBuckets = (
  destinations: readonly Destination[],
  uploadBucket: string,
  stagingBucket?: string,
): readonly ResolvedDestination[] =>
  Object.freeze(
    destinations.map((destination) => {
      const bucket = destination.bucket ?? uploadBucket;
      if (bucket === '') {
        throw new DestinationError(
          'UPLOAD_BUCKET_MISSING',
          `${destination.prefix} goes to the stack's own bucket, and no name was given for it`,
        );
      }
      if (bucket === stagingBucket) {
        throw new DestinationError(
          'STAGING_BUCKET_IS_DESTINATION',
          `${destination.prefix} goes to ${bucket}, the staging bucket, which deletes what it holds`,
        );
      }
      return Object.freeze({ ...destination, bucket });
    }),
  );

/**
 * The destination of a decoded path: the longest prefix wins, whatever the order, also when that one is not enabled.
 * `/uploads` is not below `/uploads/`.
 */
export const findDestination = <D extends Destination>(
  destinations: readonly D[],
  decodedPath: string,
): D | undefined => {
  let found: D | undefined;
  for (const destination of destinations) {
    const longer = found === undefined || destination.prefix.length > found.prefix.length;
    if (longer && decodedPath.startsWith(destination.prefix)) found = destination;
  }
  return found;
};

/** What follows the destination's prefix in a path that it was found for: the `{path}` of its key template. */
export const pathBelow = (destination: Destination, decodedPath: string): string =>
  decodedPath.slice(destination.prefix.length);
