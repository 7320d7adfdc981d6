import { readFile } from 'node:fs/promises';
import { setInterval } from 'node:timers';
import { describe, expect, it } from 'vitest';
import { spawnStack } from '../local/stack-process.ts';
import { BitsUpload, generatedSource } from '../support/bits-client/index.ts';
import { itemSizeBytes } from '../support/item-size.ts';
import { readStackFile } from '../support/stack-file.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { sha256OfSource, UploadCheck } from '../support/upload-check.ts';

const mebibyte = 2 ** 20;

/** Resident memory of a process in MiB, as Linux counts it. */
const residentMebibytes = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
};

describe('large files and small fragments, against npm start in a process of its own', () => {
  const cases = [
    { name: '1 GiB in 1,000,000-byte fragments', sizeBytes: 1024 * mebibyte, cut: 1_000_000 },
    { name: '40 MiB + 7 in 999,983-byte fragments', sizeBytes: 40 * mebibyte + 7, cut: 999_983 },
    ...[5_120, 65_537].flatMap((cut) =>
      [
        ['40 MiB + 7', 40 * mebibyte + 7],
        ['5 MiB - 1', 5 * mebibyte - 1],
        ['5 MiB', 5 * mebibyte],
        ['8 MiB', 8 * mebibyte],
        ['8 MiB + 1', 8 * mebibyte + 1],
      ].map(([name, sizeBytes]) => ({
        name: `${name} in ${cut.toLocaleString('en')}-byte fragments`,
        sizeBytes: Number(sizeBytes),
        cut,
      })),
    ),
  ];
  it.each(cases)('$name', async ({ sizeBytes, cut }) => {
    const dataDir = await tempFolder();
    const stack = spawnStack({ DATA_DIR: dataDir });
    await stack.printed('Upload from Windows');
    const places = await readStackFile(dataDir);
    const check = new UploadCheck(places);
    const source = generatedSource(sizeBytes, 'large');

    let peakMebibytes = 0;
    let largestItemBytes = 0;
    const watch = setInterval(() => {
      void residentMebibytes(places.pid).then((now) => {
        peakMebibytes = Math.max(peakMebibytes, now);
      });
      void check.items().then((items) => {
        for (const item of items) largestItemBytes = Math.max(largestItemBytes, itemSizeBytes(item));
      });
    }, 250);
    const result = await new BitsUpload({
      url: `${places.bits}/uploads/large.bin`,
      source,
      fragmentSizeBytes: cut,
      retryDelayMs: 500,
    }).run();
    clearInterval(watch);
    console.log(
      `${result.packets} packets, peak ${peakMebibytes.toFixed(0)} MiB resident, item at most ${largestItemBytes} bytes`,
    );

    expect(peakMebibytes).toBeGreaterThan(50);
    expect(peakMebibytes).toBeLessThan(600);
    expect(largestItemBytes).toBeLessThan(1024);
    expect(await check.sha256Of('large.bin')).toBe(await sha256OfSource(source));
    expect(await check.leftovers()).toEqual([]);
    check.close();
    stack.child.kill('SIGTERM');
    expect((await stack.exited).code).toBe(0);
  });
});
