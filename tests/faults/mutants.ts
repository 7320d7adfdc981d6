import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutants } from './mutant-list.ts';
import { firstReplySeed } from './seeds.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const copied = ['functions', 'infra', 'lib', 'tests', 'package.json', 'serverless.yml', 'tsconfig.json'];
const maxSchedules = 2_000;

const { values } = parseArgs({ options: { only: { type: 'string' }, concurrency: { type: 'string' } } });
const chosen = mutants.filter(({ name }) => name.includes(values.only ?? ''));

/** A copy of the project with one bug in it, in a folder of its own. */
const plant = async ({ file, find, replace, name }: (typeof mutants)[number]): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'bits-s3-mutant-'));
  for (const path of copied) await cp(join(project, path), join(folder, path), { recursive: true });
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
  const target = join(folder, file);
  const source = await readFile(target, 'utf8');
  const occurrences = source.split(find).length - 1;
  if (occurrences !== 1)
    throw new Error(`${name}: the place to change is there ${occurrences} times in ${file}`);
  await writeFile(
    target,
    source.replace(find, () => replace),
  );
  return folder;
};

interface Found {
  readonly runs: number;
  readonly failed: readonly { readonly seed: number; readonly violation: string }[];
}

/** Runs schedules in the copy until one breaks; resolves with what the simulator printed for machines. */
const hunt = (folder: string, from: number): Promise<Found> =>
  new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [
        ...['--import', 'tsx', 'tests/faults/main.ts', '--from', `${from}`],
        ...['--runs', `${maxSchedules}`, '--json', '--brief'],
        ...(values.concurrency === undefined ? [] : ['--concurrency', values.concurrency]),
      ],
      { cwd: folder, maxBuffer: 64 * 2 ** 20 },
      (_, stdout, stderr) => {
        const line = stdout.split('\n').find((text) => text.startsWith('{'));
        if (line === undefined) reject(new Error(`the simulator said nothing: ${stderr}`));
        else resolve(JSON.parse(line));
      },
    );
    child.stdin?.end();
  });

/**
 * `npm run faults:mutants`: plants each of the bugs that the design must not have, one at a time in a copy, and lets the
 * simulator look for it. `--only TEXT` plants those whose name has it. Exit code 1 when one is not found within 2,000 schedules.
 */
let missed = 0;
for (const mutant of chosen) {
  const folder = await plant(mutant);
  try {
    const { runs, failed } = await hunt(folder, mutant.withReplies === true ? firstReplySeed : 1);
    const [first] = failed;
    if (first === undefined) missed++;
    const verdict =
      first === undefined ? `NOT FOUND in ${runs} schedules` : `found after ${runs}: ${first.violation}`;
    console.log(`${mutant.name.padEnd(48)} ${verdict.slice(0, 120)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
console.log(`${chosen.length} planted, ${chosen.length - missed} found`);
process.exitCode = missed === 0 ? 0 : 1;
