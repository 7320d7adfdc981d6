import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingOf } from './support/requirements.ts';
import { type Step, steps } from './support/steps.ts';

/**
 * `npm run test:real [-- PART]`: the suites against servers that others wrote, step by step; PART chooses the steps whose
 * names contain it. REAL_NODE_MODULES is where tests/real/install.sh has fetched npm packages. A step that lacks
 * something is skipped with the reason, and fails where CI=true. Exit code 0: nothing failed.
 */
type Outcome = 'passed' | 'failed' | 'skipped';

const project = fileURLToPath(new URL('../..', import.meta.url));
const nodeModules = process.env['REAL_NODE_MODULES'] ?? join(project, 'node_modules');
const isCi = process.env['CI'] === 'true';
const vitest = [
  join(project, 'node_modules/vitest/vitest.mjs'),
  'run',
  '--config',
  'tests/real/vitest.config.ts',
];

const test = async (files: readonly string[], environment: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [...vitest, ...files], {
    cwd: project,
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  });
  const stop = () => child.kill('SIGTERM');
  process.once('exit', stop);
  const [code]: unknown[] = await once(child, 'exit');
  process.off('exit', stop);
  if (code !== 0) throw new Error(`${files.join(' ')} failed`);
};

const runStep = async ({ name, requirements, optional, run }: Step, lines: string[]): Promise<Outcome> => {
  process.stdout.write(`\n-- ${name}\n`);
  const missing = await missingOf(requirements, nodeModules);
  if (missing.length > 0) {
    const outcome = isCi && optional === undefined ? 'failed' : 'skipped';
    const why = optional === undefined ? '' : ` (${optional})`;
    lines.push(`${outcome}  ${name}: there is no ${missing.join(', no ')}${why}`);
    return outcome;
  }
  const folder = await mkdtemp(join(tmpdir(), 'bits-s3-real-'));
  const times: string[] = [];
  let sinceMs = performance.now();
  const took = (what: string) => {
    times.push(`${what} ${Math.round((performance.now() - sinceMs) / 1000)} s`);
    sinceMs = performance.now();
  };
  try {
    await run({ folder, nodeModules, test, took });
    lines.push(`passed  ${name}: ${times.join(', ')}`);
    return 'passed';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    lines.push(`failed  ${name}: ${why}`);
    process.stderr.write(`${why}\n`);
    return 'failed';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

// Ending by exit() lets every server's last net do its work.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const [part = ''] = process.argv.slice(2);
const chosen = steps.filter(({ name }) => name.toLowerCase().includes(part.toLowerCase()));
const lines: string[] = [];
const outcomes: Outcome[] = [];
for (const step of chosen) outcomes.push(await runStep(step, lines));
process.stdout.write(`\n${lines.join('\n')}\n`);
process.exitCode = outcomes.length > 0 && !outcomes.includes('failed') ? 0 : 1;
