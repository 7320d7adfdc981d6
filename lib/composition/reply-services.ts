import type { Access } from '../access/admit.ts';
import type { Destination } from '../access/destination.ts';
import type { Log } from '../lambda/log.ts';
import type { ReplyStore } from '../reply/reply-store.ts';
import { S3Replies } from '../reply/s3-replies.ts';
import { DynamoDBSessionStore } from '../session/dynamodb-store.ts';
import type { SessionStore } from '../session/store.ts';
import { composeAccess } from './access.ts';
import { dynamoDBClient, s3Client } from './clients.ts';
import { logOf, required, type Settings } from './settings.ts';

/** What serving replies is made of: two stores, of which it only reads. */
export interface ReplyComposition {
  readonly sessions: Pick<SessionStore, 'read'>;
  readonly replies: ReplyStore;
  readonly access: Access<Destination>;
  readonly log: Log;
  nowMs(): number;
}

/** From SESSION_TABLE and STAGING_BUCKET. @throws SettingsError */
export const composeReply = (settings: Settings): ReplyComposition => {
  const { environment, destinations } = settings;
  return {
    sessions: new DynamoDBSessionStore(dynamoDBClient(environment), required(environment, 'SESSION_TABLE')),
    replies: new S3Replies(s3Client(environment), required(environment, 'STAGING_BUCKET')),
    access: composeAccess(settings, destinations),
    log: logOf(settings),
    nowMs: Date.now,
  };
};
