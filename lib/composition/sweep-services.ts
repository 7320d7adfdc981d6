import type { Log } from '../lambda/log.ts';
import { embeddedMetric, type Metric } from '../lambda/metrics.ts';
import { DynamoDBSessionIndex } from '../session/dynamodb-index.ts';
import type { SessionIndex } from '../session/session-index.ts';
import type { ObjectInventory } from '../upload/object-inventory.ts';
import { S3Inventory } from '../upload/s3-inventory.ts';
import type { UploadServices } from '../upload/services.ts';
import { dynamoDBClient, s3Client } from './clients.ts';
import { type Environment, required, type Settings } from './settings.ts';
import { composeStores } from './upload-services.ts';

/** What the sweep is made of: the upload path, and the views over everything that only it has. */
export interface SweepComposition {
  readonly services: UploadServices;
  readonly sessions: SessionIndex;
  readonly inventory: ObjectInventory;
  /**
   * Buckets whose open multipart uploads are all of this service: where nobody else writes. Another destination bucket
   * may hold the uploads of other programs and other stages, which look exactly like orphans of ours.
   */
  readonly buckets: readonly string[];
  readonly log: Log;
  /** Absent where nobody collects metrics. */
  readonly metric?: Metric | undefined;
}

/** @throws SettingsError, DestinationError */
export const composeSweep = (settings: Settings): SweepComposition => {
  const { environment } = settings;
  // Nobody calls the sweep: it needs no identities, and is not told where users and keys are.
  const { services, log } = composeStores(settings);
  return {
    services,
    log,
    sessions: new DynamoDBSessionIndex(dynamoDBClient(environment), required(environment, 'SESSION_TABLE')),
    inventory: new S3Inventory(s3Client(environment), required(environment, 'STAGING_BUCKET')),
    buckets: [required(environment, 'UPLOAD_BUCKET'), required(environment, 'STAGING_BUCKET')],
    metric: metricOf(environment),
  };
};

/** METRICS_NAMESPACE says where metrics go; without it nobody collects them. */
const metricOf = (environment: Environment): Metric | undefined => {
  const namespace = environment['METRICS_NAMESPACE'];
  if (namespace === undefined || namespace === '') return undefined;
  const functionName = environment['AWS_LAMBDA_FUNCTION_NAME'] ?? 'sweep';
  return embeddedMetric({ namespace, functionName, nowMs: Date.now });
};
