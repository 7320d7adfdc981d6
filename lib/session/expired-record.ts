import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { fromItem, type Item } from './item.ts';
import type { Receiving } from './session.ts';
import { isTakenTicket } from './taken-ticket.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The session whose item DynamoDB deleted because its time was over, from a record of the table's stream; `undefined` for
 * every other record. Tombstones and COMPLETE sessions leave nothing behind, so only receiving ones are told.
 * @throws StoreError CORRUPT when the deleted item is no session
 */
export const expiredSessionOf = (record: unknown): Receiving | undefined => {
  if (!isFields(record) || record['eventName'] !== 'REMOVE') return undefined;
  const change = record['dynamodb'];
  if (!isFields(change) || !isFields(change['OldImage'])) return undefined;
  const item = itemOf(change['OldImage']);
  if (isTakenTicket(item)) return undefined;
  const session = fromItem(item);
  return session.state === 'receiving' ? session : undefined;
};

/** A stream record spells attribute values as the API does, except that binary ones are in base64. */
const itemOf = (image: Fields): Item => {
  const item: Item = {};
  for (const [name, value] of Object.entries(image)) {
    const attribute = attributeOf(value);
    if (attribute !== undefined) item[name] = attribute;
  }
  return item;
};

const attributeOf = (value: unknown): AttributeValue | undefined => {
  if (!isFields(value)) return undefined;
  const { S, N, B, BOOL } = value;
  if (typeof S === 'string') return { S };
  if (typeof N === 'string') return { N };
  if (typeof B === 'string') return { B: Buffer.from(B, 'base64') };
  if (typeof BOOL === 'boolean') return { BOOL };
  return undefined;
};
