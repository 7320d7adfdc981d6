import { describe, expect, it } from 'vitest';
import { BitsUpload, type BitsUploadOptions, generatedSource } from '../support/bits-client/index.ts';
import { sha256OfSource } from '../support/upload-check.ts';
import { useLocalStack } from './stack.ts';

const mebibyte = 2 ** 20;

describe('a BITS client against the local stack, over sockets', () => {
  const running = useLocalStack();

  const upload = async (name: string, sizeBytes: number, options: Partial<BitsUploadOptions>) => {
    const { stack, check } = running();
    const source = generatedSource(sizeBytes, name);
    const result = await new BitsUpload({
      url: `${stack.url}/uploads/${name}`,
      source,
      retryDelayMs: 20,
      ...options,
    }).run();
    expect(await check.sha256Of(name), name).toBe(await sha256OfSource(source));
    expect(await check.leftovers(), name).toEqual([]);
    return result;
  };

  // The small cuts of the larger files run in tests/long.
  for (const [size, cuts] of [
    [0, [5_120, 65_537, 999_983, 1_000_000]],
    [1, [5_120, 65_537, 999_983, 1_000_000]],
    [5 * mebibyte - 1, [999_983, 1_000_000]],
    [5 * mebibyte, [999_983, 1_000_000]],
    [8 * mebibyte, [999_983, 1_000_000]],
    [8 * mebibyte + 1, [999_983, 1_000_000]],
    [40 * mebibyte + 7, [1_000_000]],
  ] as const) {
    it.each(cuts.map((cut) => ({ cut })))(`${size} bytes in fragments of $cut`, async ({ cut }) => {
      await upload(`${size}-${cut}.bin`, size, { fragmentSizeBytes: cut });
    });
  }

  it('an empty file that is only created and closed', async () => {
    await upload('empty.bin', 0, { emptyFile: 'close-only' });
  });

  it('starts at 13 MB, meets a bare 413, shrinks, and finishes', async () => {
    const answers: number[] = [];
    await upload('shrink.bin', 30 * mebibyte, {
      fragmentSizeBytes: 13_631_488,
      onEvent: (event) => {
        if (event.kind === 'answer' && 'status' in event.answer) answers.push(event.answer.status);
      },
    });
    expect(answers).toContain(413);
  });

  it('twenty clients at once, each its own file', async () => {
    const { stack, check } = running();
    const sources = Array.from({ length: 20 }, (_, index) =>
      // Most of them end within the first part, three have a second one.
      generatedSource(
        Math.floor((index < 17 ? index / 10 : index / 2) * mebibyte) + 12_345,
        `client ${index}`,
      ),
    );
    await Promise.all(
      sources.map((source, index) =>
        new BitsUpload({
          url: `${stack.url}/uploads/client-${index}.bin`,
          source,
          fragmentSizeBytes: 400_000 + 31_337 * index,
          retryDelayMs: 20,
        }).run(),
      ),
    );
    for (const [index, source] of sources.entries()) {
      expect(await check.sha256Of(`client-${index}.bin`)).toBe(await sha256OfSource(source));
    }
    expect(await check.leftovers()).toEqual([]);
  });

  it('a cancelled upload leaves nothing, and no object', async () => {
    const { stack, check } = running();
    const abort = new AbortController();
    const job = new BitsUpload({
      url: `${stack.url}/uploads/cancelled.bin`,
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
});
