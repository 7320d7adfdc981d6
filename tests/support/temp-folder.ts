import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder under the system's temporary one. */
export function newTempFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'bits-s3-'));
}

/**
 * A new folder, removed when the running test ends: a hook of this module would be one of the first file that loads it only,
 * because files share their modules.
 */
export async function tempFolder(): Promise<string> {
  const path = await newTempFolder();
  onTestFinished(() => removeFolder(path));
  return path;
}

/** Remove a folder and all that is in it. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
