import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { PROJECT_DIR } from '../../../infra/local/functions.ts';

const run = promisify(execFile);

/** A contender that is published on npm. It is fetched when it is wanted, so that `npm ci` stays light. */
export interface PublishedPackages {
  /** Name of the folder. */
  readonly name: string;
  /** Exact versions: a benchmark that drifts compares nothing. */
  readonly versions: Readonly<Record<string, string>>;
}

export const tusPackages: PublishedPackages = {
  name: 'tus',
  versions: { '@tus/server': '2.4.5', '@tus/s3-store': '2.0.7' },
};

export const uploadxPackages: PublishedPackages = {
  name: 'uploadx',
  versions: { '@uploadx/core': '6.2.1', '@uploadx/s3': '6.1.5' },
};

const folderOf = ({ name }: PublishedPackages): string =>
  join(PROJECT_DIR, 'node_modules', '.cache', 'bits-s3-bench', name);

const describe = ({ versions }: PublishedPackages): string[] =>
  Object.entries(versions).map(([name, version]) => `${name}@${version}`);

const manifestSchema = z.object({ version: z.string() });

const isThere = async (packages: PublishedPackages): Promise<boolean> => {
  const found = await Promise.all(
    Object.entries(packages.versions).map(async ([name, version]) => {
      const file = join(folderOf(packages), 'node_modules', name, 'package.json');
      const text = await readFile(file, 'utf8').catch(() => '{}');
      return manifestSchema.safeParse(JSON.parse(text)).data?.version === version;
    }),
  );
  return found.every(Boolean);
};

/**
 * Makes the packages importable, from the cache of an earlier run or from npm; no install script runs. Why that failed, as one
 * line, or `undefined`.
 */
export const installPackages = async (packages: PublishedPackages): Promise<string | undefined> => {
  if (await isThere(packages)) return undefined;
  const folder = folderOf(packages);
  await mkdir(folder, { recursive: true });
  const names = Object.keys(packages.versions);
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  // Resolved from that folder, by Node's own rules.
  const modules = names.map((name, index) => `export * as package${index} from '${name}';\n`);
  await writeFile(join(folder, 'all.mjs'), modules.join(''));
  try {
    const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
    await run('npm', ['install', ...options, ...describe(packages)], { cwd: folder, timeout: 180_000 });
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const lines = message
      .split('\n')
      .filter((line) => line.includes('npm error') && !/A complete log|^npm error$/.test(line));
    return `npm could not install ${describe(packages).join(', ')}: ${lines[0] ?? message.split('\n', 1)[0]}`;
  }
};

/** The packages' modules, in the order of their names in `versions`. */
export const loadPackages = async (packages: PublishedPackages): Promise<readonly object[]> => {
  const loaded: unknown = await import(pathToFileURL(join(folderOf(packages), 'all.mjs')).href);
  if (typeof loaded !== 'object' || loaded === null) throw new TypeError('no module');
  const modules = new Map<string, unknown>(Object.entries(loaded));
  return Object.keys(packages.versions).map((name, index) => {
    const module = modules.get(`package${index}`);
    if (typeof module !== 'object' || module === null) throw new TypeError(`${name} exports nothing`);
    return module;
  });
};
