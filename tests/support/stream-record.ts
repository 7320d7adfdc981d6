import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../lib/session/item.ts';

/** The record of the table's stream for an item that DynamoDB deleted because its time was over, as Lambda gets it. */
export const removeRecord = (item: Item) => ({
  eventID: 'c81e728d9d4c2f636f067f89cc14862c',
  eventName: 'REMOVE',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'eu-west-1',
  userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
  dynamodb: {
    ApproximateCreationDateTime: 1_795_348_800,
    Keys: { sessionId: item['sessionId'] },
    OldImage: imageOf(item),
    SequenceNumber: '4421584500000000017450439092',
    SizeBytes: 512,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
});

/** JSON has no bytes: a stream's image spells them in base64. */
const imageOf = (item: Item): Record<string, unknown> =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, spelled(value)]));

const spelled = (value: AttributeValue): unknown =>
  value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') };
