import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { leaveWithReader } from '../command-line.ts';

/** What a command was asked cannot be done; the message is all that its user needs. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: 'USAGE' | 'NOT_POSSIBLE';

  constructor(code: CommandError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A local document's text, or `undefined` where there is none yet. */
export const readDocument = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
};

/** Replaces a document whole or not at all; readable by its owner only. */
export const writeDocument = async (file: string, content: unknown): Promise<void> => {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
};

/** Runs a command line; what its user can put right is one line on standard error and exit code 1. */
export const runCommand = async (work: () => Promise<string>): Promise<void> => {
  leaveWithReader();
  try {
    console.log(await work());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(error instanceof CommandError ? error.message : error);
    process.exitCode = 1;
  }
};
