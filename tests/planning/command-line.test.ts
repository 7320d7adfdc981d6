import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const cost = fileURLToPath(new URL('../../infra/planning/cost.ts', import.meta.url));

/** Runs `npm run cost` without npm; its standard output is closed at once, or read to the end. */
const run = async (args: readonly string[], readsAll: boolean) => {
  const child = spawn(process.execPath, ['--import', 'tsx', cost, ...args]);
  let stdout = '';
  let stderr = '';
  if (readsAll) child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  else child.stdout.destroy();
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
};

it('a command whose reader has gone, as head does, ended with a stack trace', async () => {
  expect(await run([], false)).toEqual({ code: 0, stdout: '', stderr: '' });
});

it('a mistake in the arguments is answered with the usage, and exit code 2', async () => {
  const [unknown, wrong] = await Promise.all([run(['--gigs', '1'], true), run(['--gib', 'many'], true)]);
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toMatch(/^Unknown option '--gigs'.*\n\nnpm run cost --/s);
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toMatch(/^--gib takes a number above 0, not many\n\nnpm run cost --/);
});
