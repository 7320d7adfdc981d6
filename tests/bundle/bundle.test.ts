import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const bundling = z
  .object({
    options: z.custom<() => Promise<Record<string, unknown>>>((value) => typeof value === 'function'),
  })
  .parse(createRequire(import.meta.url)('../../infra/esbuild.cjs'));

const optionsSchema = z.object({
  mainFields: z.array(z.string()),
  banner: z.record(z.string(), z.string()),
  define: z.record(z.string(), z.string()),
});

interface Bundle {
  readonly bytes: number;
  /** Names of the packages whose code is in it. */
  readonly packages: readonly string[];
  readonly text: string;
}

/** Bundles one function exactly as packaging does. */
const bundleOf = async (name: string): Promise<Bundle> => {
  const { mainFields, banner, define } = optionsSchema.parse(await bundling.options());
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`../../functions/${name}.ts`, import.meta.url))],
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields,
    banner,
    define,
    metafile: true,
    write: false,
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  const packages = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([file]) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  const text = outputFiles[0]?.text ?? '';
  return { bytes: Buffer.byteLength(text), packages: [...new Set(packages)], text };
};

describe('the bundles', () => {
  const bundles = new Map<string, Bundle>();
  beforeAll(async () => {
    for (const name of [
      'ping',
      'unknown-packet',
      'create-session',
      'fragment',
      'close-session',
      'cancel-session',
    ]) {
      bundles.set(name, await bundleOf(name));
    }
  });
  const get = (name: string): Bundle => {
    const bundle = bundles.get(name);
    if (bundle === undefined) throw new Error(`no bundle ${name}`);
    return bundle;
  };

  it.each(['ping', 'unknown-packet'])('%s contains no AWS SDK', (name) => {
    expect(get(name).packages.filter((found) => /^@(aws-sdk|smithy)\//.test(found))).toEqual([]);
    expect(get(name).packages).toEqual(['consola']);
  });

  it.each(['fragment', 'close-session'])('%s contains the SDK that it was tested with', (name) => {
    expect(get(name).packages).toEqual(
      expect.arrayContaining(['@aws-sdk/client-s3', '@aws-sdk/client-dynamodb']),
    );
  });

  it.each(['ping', 'fragment', 'create-session'])(
    '%s carries its destinations as data, and no schema library',
    (name) => {
      expect(get(name).text).toContain('/uploads/');
      expect(get(name).packages).not.toContain('zod');
      expect(get(name).packages).not.toContain('yaml');
    },
  );
});
