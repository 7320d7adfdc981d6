import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What other programs need to know of a running stack. */
export interface StackFile {
  /** Base URL without a slash at its end: a destination's URL is this and its prefix. */
  readonly bits: string;
  readonly s3: {
    readonly endpoint: string;
    readonly region: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  };
  readonly dynamodb: { readonly endpoint: string; readonly table: string };
  readonly buckets: { readonly staging: string; readonly upload: string };
  readonly destinations: readonly StackFileDestination[];
  readonly pid: number;
}

interface StackFileDestination {
  readonly prefix: string;
  readonly bucket: string;
  readonly fragmentLimitBytes: number;
  readonly maximumUploadBytes: number;
  readonly allowOverwrites: boolean;
  readonly enabled: boolean;
}

const NAME = 'stack.json';

/** Writes `stack.json` whole or not at all: whoever sees it may use everything in it. */
export async function writeStackFile(dataDir: string, content: StackFile): Promise<void> {
  const draft = join(dataDir, `${NAME}.${randomUUID()}`);
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`);
  await rename(draft, join(dataDir, NAME));
}

/** Removes it, if it is there: a killed stack may have left one that describes nothing any more. */
export async function removeStackFile(dataDir: string): Promise<void> {
  await rm(join(dataDir, NAME), { force: true });
}
