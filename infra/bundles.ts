import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { z } from 'zod';
import { readService } from './local/service.ts';

/** One function's code as it is deployed. */
export interface Bundle {
  /** As in functions/: `create-session`. */
  readonly name: string;
  readonly text: string;
  readonly bytes: number;
  /** Bytes of its text by package; our own code is `bits-s3`. */
  readonly bytesByPackage: ReadonlyMap<string, number>;
  /** Names of the packages whose code is in it. */
  readonly packages: readonly string[];
  /** Bytes of it that came from files whose path matches. */
  bytesFrom(path: RegExp): number;
}

const bundling = z.object({
  options: z.custom<() => Promise<unknown>>((value) => typeof value === 'function'),
});

const optionsSchema = z.object({
  plugins: z.string(),
  mainFields: z.array(z.string()),
  banner: z.record(z.string(), z.string()),
  define: z.record(z.string(), z.string()),
  legalComments: z.literal('none'),
  bundle: z.literal(true),
  minify: z.literal(true),
  platform: z.literal('node'),
  target: z.string(),
  format: z.literal('esm'),
});

const pluginsSchema = z.array(
  z.custom<Plugin>((value) => z.looseObject({ name: z.string() }).safeParse(value).success),
);

/** The names of the files that serverless.yml has handlers in. */
export const functionFiles = (serverlessYml: string): readonly string[] =>
  readService(serverlessYml).functions.map(({ handler }) => handler.replace(/^functions\/|\.handler$/g, ''));

/** Bundles one function with the options that packaging uses. Rejects with esbuild's `BuildFailure`. */
export const bundleFunction = async (name: string): Promise<Bundle> => {
  const require = createRequire(import.meta.url);
  const { options } = bundling.parse(require('./esbuild.cjs'));
  const { plugins, ...rest } = optionsSchema.parse(await options());
  const { outputFiles, metafile } = await build({
    ...rest,
    plugins: pluginsSchema.parse(require(fileURLToPath(new URL(`../${plugins}`, import.meta.url)))),
    entryPoints: [fileURLToPath(new URL(`../functions/${name}.ts`, import.meta.url))],
    metafile: true,
    write: false,
  });
  const inputs = Object.values(metafile.outputs)
    .flatMap((output) => Object.entries(output.inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const bytesByPackage = new Map<string, number>();
  for (const [file, { bytesInOutput }] of inputs) {
    const owner = packageOf(file);
    bytesByPackage.set(owner, (bytesByPackage.get(owner) ?? 0) + bytesInOutput);
  }
  const packages = [...bytesByPackage.keys()].filter((owner) => owner !== ownCode);
  const text = outputFiles[0]?.text ?? '';
  const bytesFrom = (path: RegExp): number =>
    inputs.reduce((sum, [file, { bytesInOutput }]) => sum + (path.test(file) ? bytesInOutput : 0), 0);
  return { name, text, bytes: Buffer.byteLength(text), bytesByPackage, packages, bytesFrom };
};

const ownCode = 'bits-s3';

const packageOf = (file: string): string => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? ownCode;
