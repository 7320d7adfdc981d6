import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const stackFileSchema = z.object({
  bits: z.url(),
  s3: z.object({
    endpoint: z.url(),
    region: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
  }),
  dynamodb: z.object({ endpoint: z.url(), table: z.string() }),
  buckets: z.object({ staging: z.string(), upload: z.string() }),
  destinations: z.array(z.looseObject({ prefix: z.string(), bucket: z.string() })),
  pid: z.int(),
});

/** What `npm start` says of itself in its data folder. Rejects when there is no such file, or something else in it. */
export async function readStackFile(dataDir: string): Promise<z.infer<typeof stackFileSchema>> {
  return stackFileSchema.parse(JSON.parse(await readFile(join(dataDir, 'stack.json'), 'utf8')));
}
