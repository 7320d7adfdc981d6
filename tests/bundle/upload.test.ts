import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { bundleFunction } from '../../infra/bundles.ts';
import { createInvoker, type Handler, type LocalFunction } from '../../infra/local/invoker.ts';
import { type LocalStack, startLocalStack } from '../../infra/local/stack.ts';
import { consoleLog } from '../../lib/lambda/log.ts';
import { projectService, type Service, startDoor } from '../real/support/service.ts';
import { storeEnvironment } from '../real/support/stores.ts';
import { BitsUpload, generatedSource } from '../support/bits-client/index.ts';
import { type StackPlaces, sha256OfSource, UploadCheck } from '../support/upload-check.ts';

/** What a bundle exports besides its handler: the same composition that the local stack uses. */
const moduleSchema = z.object({
  compose: z.custom<(settings: object) => Handler>((value) => typeof value === 'function'),
});

/** The functions that an upload meets. */
const needed = new Set(['ping', 'createSession', 'fragment', 'closeSession']);
const mebibyte = 2 ** 20;
let folder = '';
let stack: LocalStack;
let door: Service;
let check: UploadCheck;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bits-s3-bundle-'));
  stack = await startLocalStack({ dataDir: join(folder, 'data') });
  const { s3, dynamodb, buckets, destinations } = stack;
  const places: StackPlaces = {
    s3: { endpoint: s3.endpoint, region: s3.region, ...s3.credentials },
    dynamodb,
    buckets,
  };
  check = new UploadCheck(places);
  const { functions } = await projectService();
  const log = consoleLog('bundle', 'SILENT');
  const settings = { environment: storeEnvironment(places), destinations, log };
  const bundled: LocalFunction[] = [];
  for (const { name, handler, ...limits } of functions.filter(({ name }) => needed.has(name))) {
    const file = join(folder, `${name}.mjs`);
    const { text } = await bundleFunction(handler.replace(/^functions\/|\.handler$/g, ''));
    await writeFile(file, text);
    const { compose } = moduleSchema.parse(await import(pathToFileURL(file).href));
    bundled.push({ ...limits, name, compose: () => compose(settings) });
  }
  door = await startDoor(createInvoker(bundled));
});

afterAll(async () => {
  check?.close();
  await door?.stop();
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

const job = (name: string, sizeBytes: number) => {
  const source = generatedSource(sizeBytes, name);
  return { source, upload: new BitsUpload({ url: `${door.url}/uploads/${name}`, source }) };
};

it('what is left out of the SDK is not missed: upload, refusal of a taken name, nothing left behind', async () => {
  const { source, upload } = job('a file.bin', 9 * mebibyte + 7);
  await upload.run();
  expect(await check.sha256Of('a file.bin')).toBe(await sha256OfSource(source));
  await expect(job('a file.bin', 1).upload.run()).rejects.toMatchObject({ status: 403 });
  await job('empty.bin', 0).upload.run();
  expect(await check.leftovers()).toEqual([]);
});
