import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { type Bundle, bundleFunction, functionFiles } from './bundles.ts';
import { leaveWithReader } from './command-line.ts';

const run = promisify(execFile);

/** What Lambda would set: then importing a function also composes it, as in a cold start. */
const lambdaEnvironment = {
  AWS_LAMBDA_FUNCTION_NAME: 'bundle-report',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  SESSION_TABLE: 'sessions',
  STAGING_BUCKET: 'staging',
  UPLOAD_BUCKET: 'uploads',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

const timesEach = 7;
const packagesEach = 8;

/** Milliseconds of a fresh process between asking for the module and having it: the median of some. */
const importTimeMs = async (node: string, file: string): Promise<number> => {
  const script =
    'const t=performance.now();await import(process.argv[1]);console.log(performance.now()-t);process.exit()';
  const times: number[] = [];
  for (let time = 0; time < timesEach; time++) {
    const { stdout } = await run(node, ['--input-type=module', '-e', script, file], {
      env: { PATH: process.env['PATH'], ...lambdaEnvironment },
    });
    times.push(Number(stdout));
  }
  return times.toSorted((a, b) => a - b)[Math.floor(timesEach / 2)] ?? Number.NaN;
};

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;

/** The packages of a bundle, the largest first; what is small is told as one number. */
const packageLines = ({ bytesByPackage, bytes }: Bundle): readonly string[] => {
  const largest = [...bytesByPackage].toSorted(([, a], [, b]) => b - a).slice(0, packagesEach);
  const told = largest.reduce((sum, [, size]) => sum + size, 0);
  return [...largest, ['the rest', bytes - told] as const].map(([name, size]) =>
    row([`  ${name}`, kilobytes(size)]),
  );
};

const row = (cells: readonly string[]): string =>
  cells.map((cell, column) => (column === 0 ? cell.padEnd(28) : cell.padStart(12))).join('');

/** `npm run bundle [-- --node PATH]`: what a cold start of each function has to load, and how long that Node needs for it. */
const report = async (): Promise<void> => {
  const { node = process.execPath } = parseArgs({ options: { node: { type: 'string' } } }).values;
  const version = (await run(node, ['--version'])).stdout.trim().slice(1);
  const folder = await mkdtemp(join(tmpdir(), 'bits-s3-bundles-'));
  try {
    const serverlessYml = await readFile(new URL('../serverless.yml', import.meta.url), 'utf8');
    console.log(row(['function', 'minified', 'compressed', 'import']));
    for (const name of functionFiles(serverlessYml)) {
      const bundle: Bundle = await bundleFunction(name);
      const file = join(folder, `${name}.mjs`);
      await writeFile(file, bundle.text);
      const ms = `${(await importTimeMs(node, file)).toFixed(1)} ms`;
      const compressed = kilobytes(gzipSync(bundle.text).byteLength);
      console.log(row([name, kilobytes(bundle.bytes), compressed, ms]));
      for (const line of packageLines(bundle)) console.log(line);
    }
    const runtime = /^ *runtime: nodejs(\d+)/m.exec(serverlessYml)?.[1];
    const isRuntimes = version.split('.')[0] === runtime;
    const note = isRuntimes ? '' : `; Lambda runs Node ${runtime}: --node PATH measures with another`;
    console.log(`import: median of ${timesEach} fresh processes, Node ${version}, this machine${note}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

leaveWithReader();
await report();
