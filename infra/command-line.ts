/**
 * What every command of this project does the same way: its usage on `--help` and under a mistake in its arguments, the whole
 * error under anything else, and exit codes: what `work` returns (0 when it returns nothing), 2 when it did not get through.
 */
export const runCommandLine = async (usage: string, work: () => unknown): Promise<void> => {
  leaveWithReader();
  try {
    const code = await work();
    process.exitCode = typeof code === 'number' ? code : 0;
  } catch (error) {
    console.error(isMistake(error) ? `${error.message}\n\n${usage}` : error);
    process.exitCode = 2;
  }
};

/** `… | head` takes what it wants and goes: no error, and nobody is left to tell. */
export const leaveWithReader = (): void => {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
};

/** Ours are range errors; those of `parseArgs` are type errors with a code. */
const isMistake = (error: unknown): error is Error =>
  error instanceof RangeError ||
  (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
