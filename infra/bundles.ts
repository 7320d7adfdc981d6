import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { z } from 'zod';
import { readService } from './local/service.ts';

/** One function's code as it is deployed. */
export interface Bundle {
  /** As in functions/: `create-session`. */
  readonly name: string;
  readonly text: string;
  readonly bytes: number;
  /** Names of the packages whose code is in it. */
  readonly packages: readonly string[];
  /** Bytes of it that came from files whose path matches. */
  bytesFrom(path: RegExp): number;
}

const bundling = z.object({
  options: z.custom<() => Promise<unknown>>((value) => typeof value === 'function'),
});

const optionsSchema = z.object({
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

/** The names of the files that serverless.yml has handlers in. */
export const functionFiles = (serverlessYml: string): readonly string[] =>
  readService(serverlessYml).functions.map(({ handler }) => handler.replace(/^functions\/|\.handler$/g, ''));

/** Bundles one function with the options that packaging uses. Rejects with esbuild's `BuildFailure`. */
export const bundleFunction = async (name: string): Promise<Bundle> => {
  const { options } = bundling.parse(createRequire(import.meta.url)('./esbuild.cjs'));
  const { outputFiles, metafile } = await build({
    ...optionsSchema.parse(await options()),
    entryPoints: [fileURLToPath(new URL(`../functions/${name}.ts`, import.meta.url))],
    metafile: true,
    write: false,
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  const packages = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([file]) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  const text = outputFiles[0]?.text ?? '';
  const bytesFrom = (path: RegExp): number =>
    inputs.reduce((sum, [file, { bytesInOutput }]) => sum + (path.test(file) ? bytesInOutput : 0), 0);
  return { name, text, bytes: Buffer.byteLength(text), packages: [...new Set(packages)], bytesFrom };
};
