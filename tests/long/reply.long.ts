import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnStack } from '../local/stack-process.ts';
import { BitsUpload, generatedSource } from '../support/bits-client/index.ts';
import { type ReplyServer, replyBytes, startReplyServer } from '../support/reply-server.ts';
import { readStackFile } from '../support/stack-file.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { sha256OfSource, UploadCheck } from '../support/upload-check.ts';

const mebibyte = 2 ** 20;

/** Resident memory of a process in MiB, as Linux counts it. */
const residentMebibytes = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
};

const destinationsFor = (port: number): string =>
  [
    ['/ref/', 'by-reference'],
    ['/value/', 'by-value'],
  ]
    .map(
      ([prefix, mode]) =>
        `  - { prefix: ${prefix}, maximumUploadSize: 2GiB, access: none, reply: { kind: http, mode: ${mode},
      url: 'http://127.0.0.1:${port}/app', privateHosts: [127.0.0.1], maximumReplySize: 60MB } }`,
    )
    .reduce((text, line) => `${text}\n${line}`, 'destinations:');

describe('large files and replies, against npm start in a process of its own', () => {
  let app: ReplyServer;
  beforeAll(async () => {
    app = await startReplyServer();
  });
  afterAll(() => app.close());

  it.each([
    {
      name: '1 GiB by value, published',
      path: '/value/large.bin?copy',
      sizeBytes: 1024 * mebibyte,
      reply: 100,
    },
    {
      name: 'a reply of 50 MB by value',
      path: '/value/a.bin?size=50000000',
      sizeBytes: 1_000,
      reply: 50_000_000,
    },
    {
      name: 'a reply of 50 MB by reference',
      path: '/ref/a.bin?size=50000000',
      sizeBytes: 1_000,
      reply: 50_000_000,
    },
  ])('$name', async ({ path, sizeBytes, reply }) => {
    const dataDir = await tempFolder();
    const destinations = join(dataDir, 'destinations.yml');
    await writeFile(destinations, destinationsFor(app.port));
    const stack = spawnStack({ DATA_DIR: join(dataDir, 'data'), DESTINATIONS: destinations });
    await stack.printed('Upload from Windows');
    const places = await readStackFile(join(dataDir, 'data'));
    const check = new UploadCheck(places);
    const source = generatedSource(sizeBytes, 'large');

    let peakMebibytes = 0;
    const watch = setInterval(() => {
      void residentMebibytes(places.pid).then((now) => {
        peakMebibytes = Math.max(peakMebibytes, now);
      });
    }, 100);
    const startedAtMs = performance.now();
    const result = await new BitsUpload({
      url: `${places.bits}${path}`,
      source,
      fragmentSizeBytes: 1_000_000,
      retryDelayMs: 500,
      reply: { head: true, rangeBytes: 9_999_991 },
    }).run();
    clearInterval(watch);
    const seconds = (performance.now() - startedAtMs) / 1000;
    console.log(`${seconds.toFixed(1)} s, peak ${peakMebibytes.toFixed(0)} MiB resident`);

    const sha256 = await sha256OfSource(source);
    expect(peakMebibytes).toBeGreaterThan(50);
    expect(peakMebibytes).toBeLessThan(600);
    expect(
      createHash('sha256')
        .update(result.reply ?? '')
        .digest('hex'),
    ).toBe(createHash('sha256').update(replyBytes(sha256, reply)).digest('hex'));
    expect(app.notified.at(-1)?.sha256).toBe(sha256);
    expect(await check.sha256Of('large.bin')).toBe(path.includes('copy') ? sha256 : undefined);
    expect(await check.leftovers()).toEqual([]);
    check.close();
    stack.child.kill('SIGTERM');
    await stack.exited;
  });
});
