import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { fromItem, type Item, toItem } from './item.ts';
import type { Session } from './session.ts';
import { type Clause, type Commit, type OpenSessions, type SessionStore, StoreError } from './store.ts';
import { takenTicketItem } from './taken-ticket.ts';

interface Condition {
  readonly expression: string;
  readonly values: Record<string, AttributeValue>;
}

const conditionOf = (clause: Clause): Condition => {
  switch (clause.is) {
    case 'absent':
      return { expression: 'attribute_not_exists(sessionId)', values: {} };
    case 'version':
      return { expression: 'version = :version', values: { ':version': { N: `${clause.version}` } } };
    case 'not-expired':
      return {
        expression: '(attribute_not_exists(expiresAt) OR expiresAt > :now)',
        values: { ':now': { N: `${clause.nowSeconds}` } },
      };
  }
};

/**
 * Sessions in a DynamoDB table with the partition key `sessionId`: one item a session, replaced as a whole. One write
 * unit a write while the item is under 1 KB; reads are strongly consistent.
 */
export class DynamoDBSessionStore implements SessionStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(sessionId: string, signal?: AbortSignal): Promise<Session | undefined> {
    const command = new GetItemCommand({
      TableName: this.#table,
      Key: { sessionId: { S: sessionId } },
      ConsistentRead: true,
    });
    try {
      const { Item } = await this.#client.send(command, callOptions(signal));
      return Item === undefined ? undefined : fromItem(Item);
    } catch (cause) {
      throw asStoreError(cause, 'read');
    }
  }

  async write(session: Session, clauses: readonly Clause[], signal?: AbortSignal): Promise<Commit> {
    const conditions = clauses.map(conditionOf);
    const values = Object.fromEntries(conditions.flatMap((condition) => Object.entries(condition.values)));
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: toItem(session),
      ConditionExpression: conditions.map((condition) => condition.expression).join(' AND '),
      ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
      // The loser learns what won from the same call.
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      await this.#client.send(command, callOptions(signal));
      return { won: true };
    } catch (cause) {
      if (!(cause instanceof ConditionalCheckFailedException)) throw asStoreError(cause, 'write');
      // Some servers leave the item out of the failure; and "no item" is worth a second look all the same.
      const current =
        cause.Item === undefined ? await this.read(session.sessionId, signal) : fromItem(cause.Item);
      return current?.attempt === session.attempt ? { won: true } : { won: false, current };
    }
  }

  async takeTicket(
    ticketId: string,
    sessionId: string,
    expiresAtSeconds: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: takenTicketItem(ticketId, sessionId, expiresAtSeconds),
      ConditionExpression: 'attribute_not_exists(sessionId) OR holder = :session',
      ExpressionAttributeValues: { ':session': { S: sessionId } },
    });
    try {
      await this.#client.send(command, callOptions(signal));
      return true;
    } catch (cause) {
      if (cause instanceof ConditionalCheckFailedException) return false;
      throw asStoreError(cause, 'write');
    }
  }

  async openSessions(principal: string, most: OpenSessions, signal?: AbortSignal): Promise<OpenSessions> {
    let count = 0;
    let declaredBytes = 0;
    let start: Item | undefined;
    do {
      const command = new QueryCommand({
        TableName: this.#table,
        IndexName: 'openSessions-index',
        KeyConditionExpression: '#user = :user',
        // A word that DynamoDB reserves.
        ExpressionAttributeNames: { '#user': 'user' },
        ExpressionAttributeValues: { ':user': { S: principal } },
        // The largest first: the sum is full sooner.
        ScanIndexForward: false,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      });
      try {
        const page = await this.#client.send(command, callOptions(signal));
        for (const item of page.Items ?? []) {
          count++;
          declaredBytes += Number(item['total']?.N ?? 0);
        }
        start = page.LastEvaluatedKey;
      } catch (cause) {
        throw asStoreError(cause, 'count');
      }
    } while (start !== undefined && count < most.count && declaredBytes < most.declaredBytes);
    return { count, declaredBytes };
  }
}

const callOptions = (signal: AbortSignal | undefined) =>
  signal === undefined ? {} : { abortSignal: signal };

const asStoreError = (cause: unknown, call: string): StoreError =>
  cause instanceof StoreError
    ? cause
    : new StoreError('UNAVAILABLE', `the session table did not answer a ${call}`, { cause });
