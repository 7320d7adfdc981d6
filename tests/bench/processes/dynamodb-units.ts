import { z } from 'zod';
import { itemSizeBytes } from '../../support/item-size.ts';

/** What DynamoDB was asked to do, and what it would bill. */
export interface DynamoDBStats {
  readonly calls: Readonly<Record<string, number>>;
  readonly writeUnits: number;
  readonly readUnits: number;
}

const unitBytes = 1024;
const readUnitBytes = 4096;

const attribute = z.object({
  S: z.string().optional(),
  N: z.string().optional(),
  B: z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .optional(),
  BOOL: z.boolean().optional(),
  NULL: z.boolean().optional(),
});

const wireAttributes = z.record(z.string(), attribute);
type WireAttributes = z.infer<typeof wireAttributes>;

const call = z.object({
  Key: wireAttributes.optional(),
  Item: wireAttributes.optional(),
  ExpressionAttributeValues: wireAttributes.optional(),
  ConsistentRead: z.boolean().optional(),
});

/**
 * Counts calls and on-demand units from the requests themselves: a write is billed by the size of the whole item per KB, a
 * strongly consistent read per 4 KB, and a write that moves an item into or out of the sparse index `dueAt-index` one unit more
 * for each of the two. An UpdateItem is taken to leave the item it names with the values it carries.
 */
export class UnitCounter {
  #calls: Record<string, number> = {};
  #writeUnits = 0;
  #readUnits = 0;
  /** Session → the moment by which the index has it. */
  readonly #indexed = new Map<string, string>();

  /** `target` as in the header `x-amz-target`. */
  count(target: string, body: Uint8Array): void {
    const action = target.slice(target.lastIndexOf('.') + 1);
    this.#calls[action] = (this.#calls[action] ?? 0) + 1;
    const { Item, Key, ExpressionAttributeValues } = call.parse(
      JSON.parse(Buffer.from(body).toString('utf8')),
    );
    if (action === 'PutItem') this.#putItem(Item ?? {});
    else if (action === 'UpdateItem')
      this.#writeUnits += unitsOf({ ...Key, ...ExpressionAttributeValues }, unitBytes);
    else if (action === 'GetItem') this.#readUnits += unitsOf(Key ?? {}, readUnitBytes);
  }

  stats(): DynamoDBStats {
    return { calls: { ...this.#calls }, writeUnits: this.#writeUnits, readUnits: this.#readUnits };
  }

  reset(): void {
    this.#calls = {};
    this.#writeUnits = 0;
    this.#readUnits = 0;
  }

  #putItem(item: WireAttributes): void {
    const id = item['sessionId']?.S ?? '';
    const before = this.#indexed.get(id);
    const after = item['dueAt']?.N;
    this.#writeUnits += unitsOf(item, unitBytes);
    if (before === after) return;
    this.#writeUnits += (before === undefined ? 0 : 1) + (after === undefined ? 0 : 1);
    if (after === undefined) this.#indexed.delete(id);
    else this.#indexed.set(id, after);
  }
}

/** An item of no attributes is one that is not there: reading it costs one unit all the same. */
const unitsOf = (item: WireAttributes, bytes: number): number =>
  Math.max(1, Math.ceil(itemSizeBytes(present(item)) / bytes));

/** Without the absent members that a parsed object may name. */
const present = (item: WireAttributes): Parameters<typeof itemSizeBytes>[0] =>
  Object.fromEntries(
    Object.entries(item).map(([name, { S, N, B, BOOL, NULL }]) => {
      if (S !== undefined) return [name, { S }];
      if (N !== undefined) return [name, { N }];
      if (B !== undefined) return [name, { B }];
      return [name, BOOL === undefined ? { NULL: NULL ?? true } : { BOOL }];
    }),
  );
