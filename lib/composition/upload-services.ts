import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Access } from '../access/admit.ts';
import { type ResolvedDestination, withBuckets } from '../access/destination.ts';
import { objectTermsOf } from '../access/object-terms.ts';
import type { Log } from '../lambda/log.ts';
import { DynamoDBSessionStore } from '../session/dynamodb-store.ts';
import { s3PartLimits } from '../upload/parts.ts';
import { S3ObjectStore } from '../upload/s3-store.ts';
import type { UploadServices } from '../upload/services.ts';
import { WarmState } from '../upload/warm.ts';
import { composeAccess } from './access.ts';
import { dynamoDBClient, s3Client } from './clients.ts';
import { type Environment, logOf, required, type Settings } from './settings.ts';
import { timersOf } from './timers.ts';

/** The upload path, for whoever works on sessions without being called by a client. */
export interface StoreComposition {
  readonly services: UploadServices;
  readonly destinations: readonly ResolvedDestination[];
  readonly log: Log;
  /** The client that `services` store objects with. */
  readonly objectClient: S3Client;
}

/** What every function that touches sessions at a client's word is made of. */
export interface UploadComposition extends StoreComposition {
  readonly access: Access<ResolvedDestination>;
}

/**
 * The stores, and how callers are known.
 * @throws SettingsError, DestinationError
 */
export const composeUpload = (settings: Settings): UploadComposition => {
  const composition = composeStores(settings);
  return { ...composition, access: composeAccess(settings, composition.destinations) };
};

/**
 * The real stores behind the upload path, from SESSION_TABLE, STAGING_BUCKET, UPLOAD_BUCKET and the SDK's own variables.
 * @throws SettingsError, DestinationError
 */
export const composeStores = (settings: Settings): StoreComposition => {
  const { environment } = settings;
  const stagingBucket = required(environment, 'STAGING_BUCKET');
  const log = logOf(settings);
  const uploadBucket = environment['UPLOAD_BUCKET'] ?? '';
  const objectClient = s3Client(environment);
  const destinations = withBuckets(settings.destinations, uploadBucket, stagingBucket);
  return {
    log,
    objectClient,
    destinations,
    services: {
      sessions: new DynamoDBSessionStore(dynamoDBClient(environment), required(environment, 'SESSION_TABLE')),
      objects: new S3ObjectStore({
        client: objectClient,
        stagingBucket,
        objectChecksums: environment['S3_OBJECT_CHECKSUMS'] !== 'off',
      }),
      stagingBucket,
      timers: timersOf(environment),
      // 20 pieces of 12 bytes keep the session item under 1 KB.
      limits: { ...s3PartLimits, maxTailPieces: 20 },
      objectTerms: (destination, originalName) => objectTermsOf(destinations, destination, originalName),
      nowMs: Date.now,
      newAttempt: () => randomBytes(6).toString('hex'),
      wait: async (durationMs, signal) => {
        await delay(durationMs, undefined, { signal });
      },
      alarm: log.alarm,
    },
  };
};

/** Memory for staged pieces: a fraction of the function's, because gathering a part takes some as well. */
const pieceMemoryShare = 1 / 8;
const bytesPerMegabyte = 2 ** 20;

/** An empty warm state, sized by the memory that Lambda gave the function. */
export const warmState = (environment: Environment): WarmState => {
  const memoryMegabytes = Number(environment['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] ?? '512');
  return new WarmState(memoryMegabytes * bytesPerMegabyte * pieceMemoryShare);
};
