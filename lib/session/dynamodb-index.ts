import { type DynamoDBClient, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { fromItem, type Item, sweepShards } from './item.ts';
import type { Session } from './session.ts';
import type { SessionIndex } from './session-index.ts';
import { isTakenTicket } from './taken-ticket.ts';

/** The sparse index `dueAt-index` of the session table, and the table itself as a whole. */
export class DynamoDBSessionIndex implements SessionIndex {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async *dueSessions(nowSeconds: number, signal?: AbortSignal): AsyncGenerator<string> {
    for (let shard = 0; shard < sweepShards; shard++) {
      let start: Item | undefined;
      do {
        const page = await this.#client.send(
          new QueryCommand({
            TableName: this.#table,
            IndexName: 'dueAt-index',
            KeyConditionExpression: 'sweepShard = :shard AND dueAt <= :now',
            ExpressionAttributeValues: { ':shard': { N: `${shard}` }, ':now': { N: `${nowSeconds}` } },
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          }),
          signal === undefined ? {} : { abortSignal: signal },
        );
        for (const item of page.Items ?? [])
          if (item['sessionId']?.S !== undefined) yield item['sessionId'].S;
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
    }
  }

  async *allSessions(signal?: AbortSignal): AsyncGenerator<Session> {
    let start: Item | undefined;
    do {
      const page = await this.#client.send(
        new ScanCommand({
          TableName: this.#table,
          ConsistentRead: true,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
        signal === undefined ? {} : { abortSignal: signal },
      );
      for (const item of page.Items ?? []) if (!isTakenTicket(item)) yield fromItem(item);
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }
}
