import { readFile } from 'node:fs/promises';
import { startLocalDynamoDb } from '../../infra/local/dynamodb.ts';
import { openEmbeddedS3 } from '../../infra/local/s3/index.ts';
import {
  LOCAL_CREDENTIALS,
  LOCAL_REGION,
  SESSION_TABLE,
  STAGING_BUCKET,
  UPLOAD_BUCKET,
} from '../../infra/local/stack-options.ts';
import { readSessionTable } from '../../infra/local/storage-template.ts';

/** One server alone, until it is killed. Arguments: `s3` or `dynamodb`, folder, port. Prints its port. */
const [kind, dataDir = '', port = '0'] = process.argv.slice(2);
const address = { host: '127.0.0.1', port: Number(port) };

const serveS3 = async (): Promise<number> => {
  const s3 = await openEmbeddedS3({
    dataDir,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
    buckets: [STAGING_BUCKET, UPLOAD_BUCKET],
  });
  return (await s3.listen(address)).port;
};

const serveDynamoDb = async (): Promise<number> => {
  const template = await readFile(new URL('../../infra/storage.yml', import.meta.url), 'utf8');
  const table = readSessionTable(template);
  return (await startLocalDynamoDb({ ...address, dataDir, tableName: SESSION_TABLE, table })).port;
};

console.log(await (kind === 's3' ? serveS3() : serveDynamoDb()));
// Whoever started it may be killed as well.
process.on('disconnect', () => process.exit(1));
