import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalStack, startLocalStack } from '../../infra/local/stack.ts';
import { runConformance } from '../conformance/run.ts';
import type { Deviations } from '../contract/deviations.ts';
import { BitsUpload, generatedSource } from '../support/bits-client/index.ts';
import { type StackPlaces, sha256OfSource, UploadCheck } from '../support/upload-check.ts';
import { startCaddy, startHaproxy } from './servers/proxies.ts';
import type { RealServer } from './servers/real-server.ts';
import { type Service, startService } from './support/service.ts';
import { storeEnvironment } from './support/stores.ts';

const mebibyte = 2 ** 20;
const wanted = (process.env['REAL_PROXIES'] ?? '').split(' ');

interface ProxyUnderTest {
  readonly title: string;
  readonly program: string;
  readonly start: (folder: string, backend: string) => Promise<RealServer>;
  /** A header of its answers as it is written, which the door writes otherwise or not at all. */
  readonly trace: string;
  /** Cases of the conformance suite that must fail, each with the reason. */
  readonly failing: Deviations;
}

const proxies: readonly ProxyUnderTest[] = [
  {
    title: 'haproxy',
    program: 'haproxy',
    start: startHaproxy,
    trace: 'bits-packet-type',
    failing: {},
  },
  {
    title: 'caddy, which drops Content-Length: 0',
    program: 'caddy',
    start: startCaddy,
    trace: 'Server',
    failing: {
      ...Object.fromEntries(
        ['x1', 'x4', 'x5', 'x7', 'x8', 'x9'].map((name) => [
          `${name}-replay`,
          'it adds Cache-Control beside every Pragma: no-cache',
        ]),
      ),
      'c6-no-content-length': 'whether there was one cannot be told any more',
      'f10-half-closed': 'it answers a request that broke off itself, with an empty 200',
    },
  },
];

for (const proxied of proxies.filter(({ program }) => wanted.includes(program))) {
  describe(`the front door behind ${proxied.title}`, () => {
    let folder = '';
    let stack: LocalStack;
    let service: Service;
    let proxy: RealServer;
    let check: UploadCheck;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'bits-s3-proxy-'));
      stack = await startLocalStack({ dataDir: join(folder, 'data') });
      const places = placesOf(stack);
      service = await startService(storeEnvironment(places));
      proxy = await proxied.start(folder, service.url);
      check = new UploadCheck(places);
    });
    afterAll(async () => {
      check?.close();
      await proxy?.stop();
      await service?.stop();
      await stack?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('it is really in between', async () => {
      expect(await headerNames(`${proxy.endpoint}/uploads/ping`)).toContain(proxied.trace);
      expect(await headerNames(`${service.url}/uploads/ping`)).not.toContain(proxied.trace);
    });

    it('uploads arrive whole, and leave nothing', async () => {
      for (const [size, cut] of [
        [0, 1_000_000],
        [1, 1_000_000],
        [40 * mebibyte + 7, 1_000_000],
        [40 * mebibyte + 7, 999_983],
        [5 * mebibyte, 65_537],
      ] as const) {
        const name = `${size}-${cut}.bin`;
        const source = generatedSource(size, name);
        const url = `${proxy.endpoint}/uploads/${name}`;
        await new BitsUpload({ url, source, fragmentSizeBytes: cut, retryDelayMs: 50 }).run();
        expect(await check.sha256Of(name), name).toBe(await sha256OfSource(source));
        expect(await check.leftovers(), name).toEqual([]);
      }
    });

    it('the conformance suite passes', async () => {
      const { cases, passed } = await runConformance({
        url: new URL('/uploads/', proxy.endpoint),
        fragmentLimitBytes: 1_000_000,
        isHeaderCaseExact: false,
      });
      const failed = cases.filter(({ outcome }) => outcome === 'failed');
      const unexpected = failed.filter(({ id }) => !(id in proxied.failing));
      expect(unexpected.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([]);
      expect(failed.map(({ id }) => id).toSorted()).toEqual(Object.keys(proxied.failing).toSorted());
      expect(passed).toBeGreaterThan(150);
    });
  });
}

const placesOf = ({ s3, dynamodb, buckets }: LocalStack): StackPlaces => ({
  s3: { endpoint: s3.endpoint, region: s3.region, ...s3.credentials },
  dynamodb,
  buckets,
});

/** Names of the headers of an answer to a PING, in the letter case in which they came. */
const headerNames = (url: string): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const headers = { 'BITS-Packet-Type': 'Ping', 'Content-Length': '0' };
    const outgoing = request(url, { method: 'BITS_POST', headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.rawHeaders.filter((_, index) => index % 2 === 0));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
