import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BitsUpload, type BitsUploadOptions, generatedSource } from '../support/bits-client/index.ts';
import { sha256OfSource, UploadCheck } from '../support/upload-check.ts';
import { type Service, startService } from './support/service.ts';
import { spawnService } from './support/service-process.ts';
import { newStores, type RealStores } from './support/stores.ts';

const mebibyte = 2 ** 20;
const sizeBytes = 40 * mebibyte + 7;

/** Whole uploads, with the stores on servers that others wrote: S3_TEST_* and DYNAMODB_TEST_* name them. */
describe(`uploads to ${process.env['S3_TEST_SERVER']} and DynamoDB Local`, () => {
  let stores: RealStores;
  let check: UploadCheck;
  let service: Service;

  beforeAll(async () => {
    stores = await newStores();
    check = new UploadCheck(stores.places);
    service = await startService(stores.environment);
  });
  afterAll(async () => {
    await service?.stop();
    check?.close();
  });

  const upload = async (name: string, size: number, options: Partial<BitsUploadOptions>) => {
    const source = generatedSource(size, name);
    await new BitsUpload({
      url: `${service.url}/uploads/${name}`,
      source,
      retryDelayMs: 200,
      ...options,
    }).run();
    expect(await check.sha256Of(name), name).toBe(await sha256OfSource(source));
    expect(await check.leftovers(), name).toEqual([]);
  };

  it.each([
    { size: 0, cut: 1_000_000 },
    { size: 1, cut: 1_000_000 },
    { size: 5 * mebibyte, cut: 65_537 },
    { size: sizeBytes, cut: 1_000_000 },
    { size: sizeBytes, cut: 999_983 },
    { size: sizeBytes, cut: 65_537 },
  ])('$size bytes in fragments of $cut', async ({ size, cut }) => {
    await upload(`${size}-${cut}.bin`, size, { fragmentSizeBytes: cut });
  });

  it('answers that are lost are asked for again, and no byte is stored twice', async () => {
    let fragments = 0;
    await upload('lost-acks.bin', 20 * mebibyte, {
      fragmentSizeBytes: 999_983,
      onPacket: (packet) => {
        if (packet.type !== 'Fragment' || ++fragments % 5 !== 0) return { kind: 'send' };
        return { kind: 'lose-ack' };
      },
    });
    expect(fragments).toBeGreaterThan(20);
  });

  it('a cancelled upload leaves nothing, and no object', async () => {
    const abort = new AbortController();
    const job = new BitsUpload({
      url: `${service.url}/uploads/cancelled.bin`,
      source: generatedSource(12 * mebibyte),
      onEvent: (event) => {
        if (event.kind === 'progress' && event.offsetBytes > 10 * mebibyte) abort.abort();
      },
    });
    await expect(job.run(abort.signal)).rejects.toThrow();
    await job.cancel();
    expect(await check.sha256Of('cancelled.bin')).toBeUndefined();
    expect(await check.leftovers()).toEqual([]);
  });

  it('the service is killed in the middle: the client carries on where it was acknowledged', async () => {
    const first = await spawnService(stores.environment);
    const source = generatedSource(sizeBytes, 'killed');
    let acknowledged = 0;
    let isRestarted = false;
    const offsetsAfterRestart: number[] = [];
    const sessions = new Set<string>();
    const farEnough = new AbortController();
    const done = new BitsUpload({
      url: `${first.url}/uploads/killed.bin`,
      source,
      fragmentSizeBytes: 999_983,
      retryDelayMs: 200,
      onEvent: (event) => {
        if (event.kind === 'session') sessions.add(event.sessionId);
        if (event.kind === 'packet' && event.packet.range !== undefined && isRestarted) {
          offsetsAfterRestart.push(event.packet.range.first);
        }
        if (event.kind === 'progress' && !isRestarted) acknowledged = event.offsetBytes;
        if (event.kind === 'progress' && event.offsetBytes > 15 * mebibyte) farEnough.abort();
      },
    }).run();
    await once(farEnough.signal, 'abort');
    await first.kill();

    isRestarted = true;
    const second = await spawnService(stores.environment, Number(new URL(first.url).port));
    await done;
    expect(offsetsAfterRestart[0]).toBe(acknowledged);
    expect(sessions.size).toBe(1);
    expect(await check.sha256Of('killed.bin')).toBe(await sha256OfSource(source));
    expect(await check.leftovers()).toEqual([]);
    await second.kill();
  });
});
