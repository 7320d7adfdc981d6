import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';
import { parseTemplateJson, type Template } from './template.ts';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../../', import.meta.url));
const inputs = ['functions', 'infra', 'lib', 'package.json', 'serverless.yml', 'tsconfig.json'];

export interface PackageOptions {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly stage?: string;
  readonly region?: string;
  /** The text of the destinations file, in place of the project's. */
  readonly destinations?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Command in front of it, such as `unshare -n`. */
  readonly through?: readonly string[];
}

export interface Packaged {
  readonly template: Template;
  readonly templateJson: string;
  /** Name of a function's archive → its bytes in base64. */
  readonly archives: ReadonlyMap<string, string>;
}

/**
 * `npm run package` on a copy of the project, so that several can run at once, without credentials and without anything
 * of this machine's AWS configuration.
 * @throws Error with what the tool printed
 */
export const packageService = async (options: PackageOptions = {}): Promise<Packaged> => {
  const folder = await mkdtemp(join(tmpdir(), 'bits-s3-package-'));
  try {
    for (const input of inputs) await cp(join(project, input), join(folder, input), { recursive: true });
    await mkdir(join(folder, 'tmp'));
    await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
    const { stage, region, parameters = {}, destinations, through = [] } = options;
    const destinationsFile = 'infra/destinations.test.yml';
    if (destinations !== undefined) await writeFile(join(folder, destinationsFile), destinations);
    const words = [
      ...through,
      process.execPath,
      'node_modules/osls/bin/serverless.js',
      'package',
      ...(stage === undefined ? [] : ['--stage', stage]),
      ...(region === undefined ? [] : ['--region', region]),
      ...(destinations === undefined ? [] : ['--param', `destinations=${destinationsFile}`]),
      ...Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]),
    ];
    const [command = '', ...args] = words;
    await run(command, args, {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        // The deployment tool leaves its bundles there.
        TMPDIR: join(folder, 'tmp'),
        SLS_TELEMETRY_DISABLED: '1',
        SLS_NOTIFICATIONS_MODE: 'off',
        ...options.environment,
      },
    }).catch((error: unknown) => {
      throw new Error(`packaging failed: ${printedBy(error)}`, { cause: error });
    });
    return await readPackage(join(folder, '.serverless'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The code of a function: the first file of its archive. */
export const codeOf = ({ archives }: Packaged, name: string): string => {
  const archive = Buffer.from(archives.get(`${name}.zip`) ?? '', 'base64');
  const start = 30 + archive.readUInt16LE(26) + archive.readUInt16LE(28);
  return inflateRawSync(archive.subarray(start)).toString();
};

const printedBy = (error: unknown): string =>
  error instanceof Error && 'stdout' in error && 'stderr' in error
    ? `${String(error.stdout)}${String(error.stderr)}`
    : String(error);

const readPackage = async (folder: string): Promise<Packaged> => {
  const templateJson = await readFile(join(folder, 'cloudformation-template-update-stack.json'), 'utf8');
  const archives = new Map<string, string>();
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.zip')).sort()) {
    archives.set(name, await readFile(join(folder, name), 'base64'));
  }
  return { template: parseTemplateJson(templateJson), templateJson, archives };
};
