import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../lib/session/item.ts';

/** A record of the table's stream, as Lambda and a pipe get it: what the item was and is. */
export const changeRecord = (
  before: Item | undefined,
  after: Item | undefined,
  atSeconds: number = 1_795_348_800,
) => ({
  eventID: 'c81e728d9d4c2f636f067f89cc14862c',
  eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'eu-west-1',
  dynamodb: {
    ApproximateCreationDateTime: atSeconds,
    Keys: { sessionId: (before ?? after)?.['sessionId'] },
    ...(before === undefined ? {} : { OldImage: imageOf(before) }),
    ...(after === undefined ? {} : { NewImage: imageOf(after) }),
    SequenceNumber: '4421584500000000017450439092',
    SizeBytes: 512,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
});

/** The record for an item that DynamoDB deleted because its time was over. */
export const removeRecord = (item: Item) => ({
  ...changeRecord(item, undefined),
  userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
});

/** JSON has no bytes: a stream's image spells them in base64. */
const imageOf = (item: Item): Record<string, unknown> =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, spelled(value)]));

const spelled = (value: AttributeValue): unknown =>
  value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') };
