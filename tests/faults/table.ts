import type { WireRequest, WireResponse } from './wire.ts';

/** One attribute as DynamoDB writes it in JSON: `{"S": "text"}`; binaries are in base64. */
type Value = Readonly<Record<string, unknown>>;
export type WireItem = Readonly<Record<string, Value>>;

interface Input {
  readonly Item?: WireItem;
  readonly Key?: WireItem;
  readonly ConditionExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: WireItem;
  readonly IndexName?: string;
  readonly ScanIndexForward?: boolean;
  readonly ReturnValuesOnConditionCheckFailure?: string;
  readonly ExclusiveStartKey?: WireItem;
}

export interface TableOptions {
  /** Whether the item comes with a failed condition, as on AWS; some other servers leave it out. */
  readonly itemWithFailure: boolean;
  /** At most so many items a page. */
  readonly pageItems: number;
}

/** Sparse, and projecting nothing but keys (infra/storage.yml). */
const indexes = new Map([
  ['dueAt-index', { partition: 'sweepShard', sort: 'dueAt' }],
  ['openSessions-index', { partition: 'user', sort: 'total' }],
]);

/**
 * The session table in memory, over DynamoDB's own wire format: what the stores ask for and nothing else. Anything unknown
 * throws, so that a store that learns a new call is noticed. The contract of session stores runs against it as well.
 */
export class SimulatedTable {
  readonly #items = new Map<string, WireItem>();
  readonly #options: TableOptions;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  call({ headers, body }: WireRequest): WireResponse {
    const action = headers['x-amz-target']?.split('.')[1];
    const input: Input = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
    switch (action) {
      case 'GetItem':
        return answer({ Item: this.#items.get(idOf(input.Key)) });
      case 'PutItem':
        return this.#put(input);
      case 'Scan':
        return this.#page([...this.#items.values()], input.ExclusiveStartKey, ['sessionId']);
      case 'Query':
        return this.#query(input);
      default:
        throw new RangeError(`the simulated table knows no ${action}`);
    }
  }

  /** What the time to live does. */
  delete(sessionId: string): WireItem | undefined {
    const item = this.#items.get(sessionId);
    this.#items.delete(sessionId);
    return item;
  }

  #put({ Item, ConditionExpression, ExpressionAttributeValues = {}, ...input }: Input): WireResponse {
    const id = idOf(Item);
    const current = this.#items.get(id);
    if (
      ConditionExpression !== undefined &&
      !holds(ConditionExpression, current ?? {}, ExpressionAttributeValues)
    ) {
      const showsItem =
        this.#options.itemWithFailure && input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
      return answer(
        {
          __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
          message: 'The conditional request failed',
          ...(showsItem && current !== undefined ? { Item: current } : {}),
        },
        400,
      );
    }
    if (Item !== undefined) this.#items.set(id, Item);
    return answer({});
  }

  #query({
    IndexName = '',
    KeyConditionExpression = '',
    ExpressionAttributeNames = {},
    ExpressionAttributeValues = {},
    ScanIndexForward = true,
    ExclusiveStartKey,
  }: Input): WireResponse {
    const index = indexes.get(IndexName);
    if (index === undefined) throw new RangeError(`the simulated table has no index ${IndexName}`);
    const { partition, sort } = index;
    const condition = KeyConditionExpression.replace(
      /#\w+/g,
      (name) => ExpressionAttributeNames[name] ?? name,
    );
    const keys = [partition, sort, 'sessionId'];
    const found = [...this.#items.values()]
      .filter((item) => keys.every((name) => name in item))
      .filter((item) => holds(condition, item, ExpressionAttributeValues))
      .sort((a, b) => (numberOf(a[sort]) - numberOf(b[sort])) * (ScanIndexForward ? 1 : -1))
      .map((item) => project(item, keys));
    return this.#page(found, ExclusiveStartKey, keys);
  }

  #page(items: readonly WireItem[], start: WireItem | undefined, keys: readonly string[]): WireResponse {
    const from = start === undefined ? 0 : items.findIndex((item) => idOf(item) === idOf(start)) + 1;
    const page = items.slice(from, from + this.#options.pageItems);
    const last = page.at(-1);
    const isMore = from + page.length < items.length;
    return answer({
      Items: page,
      Count: page.length,
      ...(isMore && last !== undefined ? { LastEvaluatedKey: project(last, keys) } : {}),
    });
  }
}

const answer = (document: object, status = 200): WireResponse => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: Buffer.from(JSON.stringify(document)),
});

const idOf = (item: WireItem | undefined): string => `${item?.['sessionId']?.['S']}`;

const numberOf = (value: Value | undefined): number => Number(value?.['N']);

const project = (item: WireItem, names: readonly string[]): WireItem =>
  Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));

/** `a AND b`, `(a OR b)`, `attribute_not_exists(name)`, `name = :value`, `name > :value`, `name <= :value`. */
const holds = (expression: string, item: WireItem, values: WireItem): boolean =>
  split(expression, ' AND ').every((term) =>
    split(term.replace(/^\((.*)\)$/, '$1'), ' OR ').some((one) => holdsOne(one, item, values)),
  );

/** At the places that are in no parentheses. */
const split = (expression: string, operator: string): readonly string[] => {
  const parts: string[] = [''];
  let depth = 0;
  for (let at = 0; at < expression.length; ) {
    if (depth === 0 && expression.startsWith(operator, at)) {
      parts.push('');
      at += operator.length;
      continue;
    }
    const character = expression[at++] ?? '';
    if (character === '(') depth++;
    if (character === ')') depth--;
    parts[parts.length - 1] += character;
  }
  return parts;
};

const holdsOne = (term: string, item: WireItem, values: WireItem): boolean => {
  const absent = /^attribute_not_exists\((\w+)\)$/.exec(term)?.[1];
  if (absent !== undefined) return item[absent] === undefined;
  const [, name = '', operator, parameter = ''] = /^(\w+) (=|>|<=) (:\w+)$/.exec(term) ?? [];
  const actual = item[name];
  const expected = values[parameter];
  if (operator === undefined || expected === undefined) throw new RangeError(`no such condition: ${term}`);
  if (actual === undefined) return false;
  if (operator === '=') return JSON.stringify(actual) === JSON.stringify(expected);
  const difference = numberOf(actual) - numberOf(expected);
  return operator === '>' ? difference > 0 : difference <= 0;
};
