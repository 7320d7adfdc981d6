import { describe, expect, it } from 'vitest';
import { BitsUpload, generatedSource } from '../support/bits-client/index.ts';
import { itemSizeBytes } from '../support/item-size.ts';
import { sha256OfSource } from '../support/upload-check.ts';
import { useLocalStack } from './stack.ts';

const mebibyte = 2 ** 20;

describe('cost over the wire, as the S3 server counts it', () => {
  const running = useLocalStack();

  it('one PutObject or UploadPart per fragment, nothing read back, nothing written twice before its part', async () => {
    const { stack, check } = running();
    const source = generatedSource(36_000_000, 'even');
    stack.s3.server.resetStats();
    await new BitsUpload({
      url: `${stack.url}/uploads/even.bin`,
      source,
      fragmentSizeBytes: 1_000_000,
    }).run();

    const stats = stack.s3.server.stats();
    expect(stats.PutObject.requests).toBe(32);
    expect(stats.UploadPart.requests).toBe(4);
    expect(stats.GetObject.requests).toBe(0);
    expect(stats.CreateMultipartUpload.requests).toBe(1);
    expect(stats.CompleteMultipartUpload.requests).toBe(1);
    // One after each part in the shadow of the next store; CLOSE deletes what the last part replaced.
    expect(stats.DeleteObjects.requests).toBeLessThanOrEqual(4);
    const rest = ['HeadObject', 'ListParts', 'ListObjectsV2'] as const;
    expect(rest.reduce((sum, name) => sum + stats[name].requests, 0)).toBeLessThanOrEqual(5);
    const written = stats.PutObject.bytesWritten + stats.UploadPart.bytesWritten;
    expect(written / source.sizeBytes).toBeLessThanOrEqual(1.9);
    expect(await check.leftovers()).toEqual([]);
  });

  it('fragments of 5,120 bytes: the item stays under 1 KB, at most 4 bytes are written per byte (40 MiB: tests/long)', async () => {
    const { stack, check } = running();
    const source = generatedSource(2 * mebibyte, 'small');
    let largestItemBytes = 0;
    let packets = 0;
    stack.s3.server.resetStats();
    const job = new BitsUpload({
      url: `${stack.url}/uploads/small.bin`,
      source,
      fragmentSizeBytes: 5_120,
      onEvent: (event) => {
        if (event.kind === 'packet') packets++;
      },
    });
    const done = job.run();
    let isDone = false;
    const watched = done.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      for (const item of await check.items())
        largestItemBytes = Math.max(largestItemBytes, itemSizeBytes(item));
    }
    await watched;

    expect(packets).toBeGreaterThan(400);
    expect(largestItemBytes).toBeGreaterThan(300);
    expect(largestItemBytes).toBeLessThan(1024);
    const stats = stack.s3.server.stats();
    const written = stats.PutObject.bytesWritten + stats.UploadPart.bytesWritten;
    expect(written / source.sizeBytes).toBeLessThanOrEqual(4);
    expect(await check.sha256Of('small.bin')).toBe(await sha256OfSource(source));
    expect(await check.leftovers()).toEqual([]);
  });
});
