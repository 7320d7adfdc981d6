import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundleFunction, functionFiles } from '../../infra/bundles.ts';

/** Without the SDK, a cold start of PING is over before a Windows client notices. */
const withoutSdk = ['ping', 'unknown-packet', 'events'];
const maxBytesWithoutSdk = 70_000;
/** All ways to know a caller together, with the library that checks tickets. */
const maxBytesOfIdentity = 60_000;
/** With the two clients and every way to know a caller. */
const maxBytesWithSdk = 460_000;

const bundles = new Map<string, Bundle>();
let files: readonly string[] = [];

beforeAll(async () => {
  files = functionFiles(await readFile(new URL('../../serverless.yml', import.meta.url), 'utf8'));
  for (const name of files) bundles.set(name, await bundleFunction(name));
}, 120_000);

const get = (name: string): Bundle => {
  const bundle = bundles.get(name);
  if (bundle === undefined) throw new Error(`no bundle ${name}`);
  return bundle;
};
const sdkPackages = ({ packages }: Bundle): readonly string[] =>
  packages.filter((found) => /^@(aws-sdk|smithy|aws-crypto|aws)\//.test(found));

describe('the bundles', () => {
  it('are one per function of serverless.yml', () => {
    expect(files).toEqual([
      'ping',
      'create-session',
      'fragment',
      'close-session',
      'cancel-session',
      'unknown-packet',
      'reply',
      'sweep',
      'events',
    ]);
  });

  it.each(withoutSdk)('%s contains no AWS SDK, and is under 70 KB minified', (name) => {
    expect(sdkPackages(get(name))).toEqual([]);
    // Nobody calls for events who would have to be known.
    expect(get(name).packages.toSorted()).toEqual(name === 'events' ? ['consola'] : ['consola', 'jose']);
    expect(get(name).bytes).toBeLessThan(maxBytesWithoutSdk);
  });

  it('would be caught with the SDK in: the others have it', () => {
    for (const name of files.filter((file) => !withoutSdk.includes(file))) {
      expect(sdkPackages(get(name))).toEqual(
        expect.arrayContaining(['@aws-sdk/client-s3', '@aws-sdk/client-dynamodb']),
      );
      expect(get(name).bytes).toBeGreaterThan(maxBytesWithoutSdk);
      expect(get(name).bytes).toBeLessThan(maxBytesWithSdk);
    }
  });

  it('pay less than 60 KB for knowing who calls', () => {
    const identity =
      /lib\/access\/(basic|ticket|certificate|allow|document|identity|remembered|principal)|node_modules\/jose\//;
    const bytes = get('fragment').bytesFrom(identity);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(maxBytesOfIdentity);
    // What would be left without.
    expect(get('ping').bytes - get('ping').bytesFrom(identity)).toBeLessThan(30_000);
    expect(get('fragment').bytes - bytes).toBeLessThan(400_000);
  });

  it('look for credentials nowhere but in the environment, and know only the operations that they call', () => {
    for (const { packages, text } of bundles.values()) {
      expect(
        packages.filter((name) => /credential-provider|token-providers|nested-clients/.test(name)),
      ).toEqual([]);
      // An operation of S3 that no function calls. Not `toContain`, which would print the bundle.
      expect(text.includes('PutBucketWebsite')).toBe(false);
    }
  });

  it('carry their destinations as data, and no schema library', () => {
    for (const name of files) {
      expect(get(name).text).toContain('/uploads/');
      expect(get(name).packages).not.toContain('zod');
      expect(get(name).packages).not.toContain('yaml');
    }
  });
});
