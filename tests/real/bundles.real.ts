import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalStack, startLocalStack } from '../../infra/local/stack.ts';
import { BitsUpload, generatedSource, packetRequest, rawTransport } from '../support/bits-client/index.ts';
import { type StackPlaces, sha256OfSource, UploadCheck } from '../support/upload-check.ts';
import { packageService } from '../template/package-service.ts';
import {
  type BundledFunction,
  coldImport,
  type ExecutionEnvironment,
  lambdaToolsIn,
  startEnvironment,
  unpack,
} from './support/bundled-function.ts';
import { projectService, type Service, startDoor } from './support/service.ts';
import { storeEnvironment } from './support/stores.ts';

const mebibyte = 2 ** 20;
const tools = lambdaToolsIn(process.env['REAL_NODE_MODULES'] ?? '');

describe('the packaged functions under the runtime client of Lambda', () => {
  let folder = '';
  let stack: LocalStack;
  let places: StackPlaces;
  let door: Service;
  let check: UploadCheck;
  const bundles: BundledFunction[] = [];
  const environments = new Map<string, ExecutionEnvironment>();
  const invocations = new Map<string, number>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bits-s3-bundles-'));
    const { archives } = await packageService();
    const { functions } = await projectService();
    for (const definition of functions) {
      const archive = archives.get(`${definition.name}.zip`);
      if (archive === undefined) throw new Error(`${definition.name} is not among ${[...archives.keys()]}`);
      bundles.push(await unpack(definition, archive, folder));
    }
    stack = await startLocalStack({ dataDir: join(folder, 'data') });
    const { s3, dynamodb, buckets } = stack;
    places = {
      s3: { endpoint: s3.endpoint, region: s3.region, ...s3.credentials },
      dynamodb,
      buckets,
    };
    check = new UploadCheck(places);
    for (const bundled of bundles) {
      const environment = await startEnvironment(bundled, storeEnvironment(places), tools);
      environments.set(bundled.definition.name, environment);
    }
    door = await startDoor((name, event) => {
      const environment = environments.get(name);
      if (environment === undefined) throw new Error(`no function ${name}`);
      invocations.set(name, (invocations.get(name) ?? 0) + 1);
      return environment.invoke(event);
    });
  });

  afterAll(async () => {
    check?.close();
    await door?.stop();
    for (const environment of environments.values()) await environment.stop();
    await stack?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('PING, and a packet that is none', async () => {
    const transport = rawTransport();
    const url = new URL(`${door.url}/uploads/ping.bin`);
    const ask = (type: string) => {
      const request = packetRequest({ type: 'Ping', target: url.pathname, host: url.host });
      const headers = request.headers.map(([name, value]): [string, string] =>
        name.toLowerCase() === 'bits-packet-type' ? [name, type] : [name, value],
      );
      return transport.send({ ...request, headers }, url);
    };
    expect(await ask('Ping')).toMatchObject({ status: 200 });
    expect(await ask('Pong')).toMatchObject({ status: 400 });
    transport.close();
  });

  it.each([1_000_000, 999_983])('a whole upload in fragments of %d', async (fragmentSizeBytes) => {
    const name = `bundled-${fragmentSizeBytes}.bin`;
    const source = generatedSource(40 * mebibyte + 7, name);
    await new BitsUpload({ url: `${door.url}/uploads/${name}`, source, fragmentSizeBytes }).run();
    expect(await check.sha256Of(name)).toBe(await sha256OfSource(source));
    expect(await check.leftovers()).toEqual([]);
  });

  it('a cancelled upload', async () => {
    const abort = new AbortController();
    const job = new BitsUpload({
      url: `${door.url}/uploads/cancelled.bin`,
      source: generatedSource(12 * mebibyte),
      onEvent: (event) => {
        if (event.kind === 'progress' && event.offsetBytes > 8 * mebibyte) abort.abort();
      },
    });
    await expect(job.run(abort.signal)).rejects.toThrow();
    await job.cancel();
    expect(await check.leftovers()).toEqual([]);
  });

  it('the sweep runs, and finds nothing to do', async () => {
    const sweep = environments.get('sweep');
    expect(await sweep?.invoke({ task: 'due' })).toMatchObject({ task: 'due', done: 0, failed: 0 });
    expect(await sweep?.invoke({ task: 'orphans' })).toMatchObject({ task: 'orphans', done: 0, failed: 0 });
  });

  it('every packet type was answered by its own bundle', () => {
    const names = ['ping', 'createSession', 'fragment', 'closeSession', 'cancelSession', 'unknownPacket'];
    expect([...invocations.keys()].toSorted()).toEqual(names.toSorted());
    expect(invocations.get('fragment')).toBeGreaterThanOrEqual(84);
  });

  it('their cold import is measured', async () => {
    const lines: string[] = [];
    for (const bundled of bundles) {
      const times: number[] = [];
      let version = '';
      for (let run = 0; run < 5; run++) {
        const { milliseconds, node } = await coldImport(bundled, storeEnvironment(places), tools);
        times.push(milliseconds);
        version = node;
      }
      times.sort((a, b) => a - b);
      const { definition, archiveBytes } = bundled;
      lines.push(
        `${definition.name.padEnd(14)} ${String(Math.round(archiveBytes / 1000)).padStart(5)} KB zipped, ` +
          `import ${times[2]?.toFixed(0)} ms (${times[0]?.toFixed(0)} to ${times[4]?.toFixed(0)}), Node ${version}`,
      );
      expect(version).toMatch(/^v24\./);
    }
    process.stdout.write(`${lines.join('\n')}\n`);
  });
});
