import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  paginateScan,
} from '@aws-sdk/client-dynamodb';

type Item = Record<string, AttributeValue>;

/**
 * What DynamoDB's time to live does by itself: deletes every item whose `expiresAt` has passed, unless it has been given
 * another one meanwhile. Returns what was deleted.
 */
export async function deleteExpired(
  client: DynamoDBClient,
  tableName: string,
  nowSeconds: number,
): Promise<readonly Item[]> {
  const isOver = {
    TableName: tableName,
    ExpressionAttributeValues: { ':now': { N: String(nowSeconds) } },
  };
  const deleted: Item[] = [];
  const pages = paginateScan(
    { client },
    { ...isOver, FilterExpression: 'expiresAt < :now', ProjectionExpression: 'sessionId' },
  );
  for await (const { Items = [] } of pages) {
    for (const Key of Items) {
      try {
        const { Attributes } = await client.send(
          new DeleteItemCommand({
            ...isOver,
            Key,
            ConditionExpression: 'expiresAt < :now',
            ReturnValues: 'ALL_OLD',
          }),
        );
        if (Attributes !== undefined) deleted.push(Attributes);
      } catch (error) {
        // It lives again, or somebody else has deleted it.
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    }
  }
  return deleted;
}

/** The record of the table's stream for such an item, as far as a function reads it; bytes are in base64. */
export function removeRecord(item: Item): unknown {
  const image = Object.entries(item).map(([name, value]) => [
    name,
    value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') },
  ]);
  return {
    eventName: 'REMOVE',
    eventSource: 'aws:dynamodb',
    userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
    dynamodb: {
      Keys: { sessionId: item['sessionId'] },
      OldImage: Object.fromEntries(image),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  };
}
