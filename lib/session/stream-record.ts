import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { fromItem, type Item } from './item.ts';
import type { Session } from './session.ts';
import { isTakenTicket } from './taken-ticket.ts';

/** One change of the session table, as its stream tells it. */
export interface SessionChange {
  /** What the item was; `undefined` if it is new. */
  readonly before: Session | undefined;
  /** What it is now; `undefined` if it was deleted. */
  readonly after: Session | undefined;
  /** When it was changed, to the second; the stream does not promise to say. */
  readonly atMs: number | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The change of a record of the table's stream, `undefined` if it is no such record, or of a ticket.
 * @throws StoreError CORRUPT when an image is no session
 */
export const changeOf = (record: unknown): SessionChange | undefined => {
  if (!isFields(record) || !isFields(record['dynamodb'])) return undefined;
  const change = record['dynamodb'];
  const before = sessionOf(change['OldImage']);
  const after = sessionOf(change['NewImage']);
  // An image that is merely missing is not the end of an item.
  const isWhole = { INSERT: after, MODIFY: before && after, REMOVE: before }[String(record['eventName'])];
  if (isWhole === undefined) return undefined;
  const atSeconds = change['ApproximateCreationDateTime'];
  return { before, after, atMs: typeof atSeconds === 'number' ? atSeconds * 1000 : undefined };
};

const sessionOf = (image: unknown): Session | undefined => {
  const item = isFields(image) ? itemOf(image) : undefined;
  return item === undefined || isTakenTicket(item) ? undefined : fromItem(item);
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
