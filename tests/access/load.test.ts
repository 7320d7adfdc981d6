import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileDestinations, compiledDestinationsName } from '../../infra/config/compile.ts';
import { ConfigurationError } from '../../infra/config/errors.ts';
import { loadDestinations, parseDestinations } from '../../infra/config/load.ts';
import { plainObjects } from '../support/functions-harness.ts';

const limits = { memoryBytes: 512 * 1024 ** 2, maxRequestBodyBytes: 1_000_000 };
const shippedFile = fileURLToPath(new URL('../../infra/destinations.yml', import.meta.url));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'destinations-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const failureOf = async (file: string): Promise<ConfigurationError> => {
  const failure = await loadDestinations(file, limits).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof ConfigurationError) return failure;
  throw new Error(`not a ConfigurationError: ${String(failure)}`);
};

describe('a destinations file that cannot be read', () => {
  it('is named, with its cause', async () => {
    const file = join(folder, 'missing.yml');
    const failure = await failureOf(file);
    expect(failure).toMatchObject({
      code: 'CONFIGURATION_UNREADABLE',
      problems: [`${file}: cannot be read (ENOENT)`],
      cause: { code: 'ENOENT' },
    });
  });

  it.each([
    ['UTF-16', Buffer.from('\ufeffdestinations: []', 'utf16le')],
    ['Latin-1', Buffer.from('destinations: [{prefix: /été/}]', 'latin1')],
  ])('because it is %s says so', async (_, bytes) => {
    const file = join(folder, 'encoding.yml');
    await writeFile(file, bytes);
    expect(await failureOf(file)).toMatchObject({
      code: 'CONFIGURATION_UNREADABLE',
      problems: [`${file}: is not UTF-8 text`],
    });
  });
});

describe('a destinations file', () => {
  it('may have a byte order mark and CRLF line ends, as Windows editors write them', async () => {
    const file = join(folder, 'windows.yml');
    await writeFile(
      file,
      '\ufeffdestinations:\r\n  - prefix: /a/\r\n    maximumUploadSize: 1MiB\r\n    access: none\r\n',
    );
    expect(await loadDestinations(file, limits)).toMatchObject([
      { prefix: '/a/', maximumUploadBytes: 1_048_576 },
    ]);
  });

  it('names itself in its problems', async () => {
    const file = join(folder, 'wrong.yml');
    await writeFile(file, 'destinations: []\n');
    expect(await failureOf(file)).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: `${file}: destinations: must have at least one destination`,
    });
  });

  it('as shipped takes uploads of up to 80 GiB into the stack’s own bucket', async () => {
    expect(await loadDestinations(shippedFile, limits)).toEqual([
      {
        prefix: '/uploads/',
        bucket: null,
        keyTemplate: '{path}',
        maximumUploadBytes: 80 * 1024 ** 3,
        fragmentLimitBytes: 1_000_000,
        allowOverwrites: false,
        sessionsPerPrincipal: null,
        openBytesPerPrincipal: null,
        fileNames: { allowedNames: null, deniedNames: null },
        sessionTimeoutSeconds: 14 * 86_400,
        closeGraceSeconds: null,
        publishOn: 'close-session',
        enabled: true,
        access: ['none'],
        principalFrom: null,
        allow: null,
        objects: plainObjects,
        reply: null,
      },
    ]);
  });

  it('as shipped has examples that hold when they are uncommented', async () => {
    const text = await readFile(shippedFile, 'utf8');
    const uncommented = text.replace(/^ {2}# (- | {2}\w+:)/gm, '  $1');
    const prefixes = parseDestinations(uncommented, 'examples', limits).map(({ prefix }) => prefix);
    expect(prefixes).toEqual(['/uploads/', '/dumps/', '/tills/', '/uploads/archive/']);
  });
});

describe('compiled destinations', () => {
  it('are what a bundle reads in place of the constant', async () => {
    const text = 'destinations: [{prefix: "/a\u2028`$&</script>/", maximumUploadSize: 500GB, access: none}]';
    const destinations = parseDestinations(text, 'test', limits);
    const { code } = await transform(`process.result(${compiledDestinationsName})`, {
      define: { [compiledDestinationsName]: compileDestinations(destinations) },
    });
    const results: unknown[] = [];
    new Function('process', code)({ result: (value: unknown) => results.push(value) });
    expect(results).toEqual([destinations]);
  });
});
