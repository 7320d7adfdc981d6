import type { Receiving } from './session.ts';
import { changeOf } from './stream-record.ts';

/**
 * The session whose item DynamoDB deleted because its time was over, from a record of the table's stream; `undefined` for
 * every other record. Tombstones and COMPLETE sessions leave nothing behind, so only receiving ones are told.
 * @throws StoreError CORRUPT when the deleted item is no session
 */
export const expiredSessionOf = (record: unknown): Receiving | undefined => {
  const change = changeOf(record);
  return change?.after === undefined && change?.before?.state === 'receiving' ? change.before : undefined;
};
