import type { Log } from '../lambda/log.ts';
import { DynamoDBSessionIndex } from '../session/dynamodb-index.ts';
import type { SessionIndex } from '../session/session-index.ts';
import type { ObjectInventory } from '../upload/object-inventory.ts';
import { S3Inventory } from '../upload/s3-inventory.ts';
import type { UploadServices } from '../upload/services.ts';
import { dynamoDBClient, s3Client } from './clients.ts';
import { required, type Settings } from './settings.ts';
import { composeUpload } from './upload-services.ts';

/** What the sweep is made of: the upload path, and the views over everything that only it has. */
export interface SweepComposition {
  readonly services: UploadServices;
  readonly sessions: SessionIndex;
  readonly inventory: ObjectInventory;
  /** Destination buckets, each once. */
  readonly buckets: readonly string[];
  readonly log: Log;
}

/** @throws SettingsError, DestinationError */
export const composeSweep = (settings: Settings): SweepComposition => {
  const { environment } = settings;
  const { services, destinations, log } = composeUpload(settings);
  return {
    services,
    log,
    sessions: new DynamoDBSessionIndex(dynamoDBClient(environment), required(environment, 'SESSION_TABLE')),
    inventory: new S3Inventory(s3Client(environment), required(environment, 'STAGING_BUCKET')),
    buckets: [...new Set(destinations.map(({ bucket }) => bucket))],
  };
};
