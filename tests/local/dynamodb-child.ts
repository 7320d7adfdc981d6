import { readFile } from 'node:fs/promises';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { startLocalDynamoDb } from '../../infra/local/dynamodb.ts';
import { readSessionTable } from '../../infra/local/storage-template.ts';

/** Writes items and prints the id of each that was answered, until it is killed. Arguments: folder, table name. */
const [dataDir = '', tableName = ''] = process.argv.slice(2);
const table = readSessionTable(await readFile(new URL('../../infra/storage.yml', import.meta.url), 'utf8'));
const { endpoint } = await startLocalDynamoDb({ host: '127.0.0.1', port: 0, dataDir, tableName, table });
const client = new DynamoDBClient({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
});
for (let id = 0; ; id++) {
  await client.send(new PutItemCommand({ TableName: tableName, Item: { sessionId: { S: String(id) } } }));
  console.log(id);
}
