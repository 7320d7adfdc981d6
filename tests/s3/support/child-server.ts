/** An embedded S3 in a process of its own, to be killed: `child-server.ts <dataDir>` prints its URL. */
import { openInProcess } from './in-process.ts';

const [, , dataDir = ''] = process.argv;
const s3 = await openInProcess(dataDir);
const { url } = await s3.listen({ host: '127.0.0.1', port: 0 });
console.log(url);
