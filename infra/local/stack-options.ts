import type { CertificateListener } from './alb/certificates.ts';
import type { AccessRecord, FrontDoorOptions } from './alb/front-door.ts';
import type { DeliveredEvent } from './event-log.ts';
import type { LocalLambda } from './lambda-endpoint.ts';
import type { EmbeddedS3Options } from './s3/index.ts';
import type { SweepTimes } from './sweeper.ts';

/** Variables of the functions that `npm start` hands on. */
export const TIMER_VARIABLES = ['CLOSE_GRACE_SECONDS', 'SESSION_LIFETIME_SECONDS'] as const;
export type TimerVariable = (typeof TIMER_VARIABLES)[number];

/** What a local stack is made from. Ports may be 0: a free one is taken. */
export interface LocalStackOptions {
  /** Address of all three servers. Default `127.0.0.1`: nobody but this machine reaches them. */
  readonly host?: string;
  /** Where BITS clients connect. Default 0. */
  readonly port?: number;
  /** Default 0. */
  readonly s3Port?: number;
  /** Default 0. */
  readonly dynamoDbPort?: number;
  /** Everything that is kept lies here; made when missing. One stack at a time. */
  readonly dataDir: string;
  /** Default `infra/destinations.yml` of the project. */
  readonly destinationsFile?: string;
  /** Default `serverless.yml` of the project. */
  readonly serviceFile?: string;
  /** Default `infra/storage.yml` of the project. */
  readonly storageFile?: string;
  /** What the functions write to the console. Default `ERROR`: faults and alarms; packets come by `onAnswer`. */
  readonly logLevel?: string;
  /** When the sweep runs. */
  readonly sweep?: SweepTimes;
  /** Lives of sessions: `CLOSE_GRACE_SECONDS`, `SESSION_LIFETIME_SECONDS` (docs/operations.md). */
  readonly timers?: Readonly<Partial<Record<TimerVariable, string>>>;
  /** See `FrontDoorOptions`. */
  readonly oversize?: NonNullable<FrontDoorOptions['oversize']>;
  /**
   * A second front door in the place of the listener that verifies client certificates: whoever comes through it is the
   * bearer of this one.
   */
  readonly certificates?: Pick<CertificateListener, 'subject' | 'clientCopies'> & { readonly port?: number };
  /** Called for every answer that the front door gives. */
  readonly onAnswer?: (record: AccessRecord) => void;
  /** Called for every event of an upload, after its line is in `events.jsonl`. */
  readonly onEvent?: (event: DeliveredEvent) => void;
  /** Reply applications of `kind: lambda`, by the function's name in their ARN. */
  readonly lambdas?: Readonly<Record<string, LocalLambda>>;
  /** The same as `NAME=FILE,…`; files are loaded with the stack's own S3 in the SDK's variables of this process. */
  readonly lambdaFiles?: string;
  /** Clock, faults and switches of the embedded S3. */
  readonly s3?: Omit<EmbeddedS3Options, 'dataDir' | 'region' | 'credentials' | 'buckets'>;
}

/** Well known and good for nothing but the embedded S3 on this machine. */
export const LOCAL_CREDENTIALS = Object.freeze({
  accessKeyId: 'LOCALSTACKKEY',
  secretAccessKey: 'local-stack-secret',
});
export const LOCAL_REGION = 'us-east-1';
/** What the target groups behind the certificates' listener are called. */
export const CERTIFICATE_TARGET_GROUPS = 'mtls-local-';
export const SESSION_TABLE = 'bits-sessions';
export const STAGING_BUCKET = 'bits-staging';
export const UPLOAD_BUCKET = 'bits-uploads';
