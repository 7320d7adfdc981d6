import { PassThrough } from 'node:stream';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bufferSource } from '../support/bits-client/index.ts';
import { Crc32Source } from '../support/upload-cli/crc32-source.ts';
import { formatBytes, formatDuration, ProgressDisplay, RateMeter } from '../support/upload-cli/progress.ts';

describe('Crc32Source', () => {
  test.each([
    [
      'in order',
      [
        [0, 4],
        [4, 6],
      ],
    ],
    [
      'with repeats and overlaps',
      [
        [0, 4],
        [0, 4],
        [2, 5],
        [7, 3],
      ],
    ],
    [
      'with a jump ahead',
      [
        [0, 2],
        [6, 4],
        [2, 4],
      ],
    ],
    ['not at all', []],
  ])('reads %s', async (_, reads) => {
    const source = new Crc32Source(bufferSource(Buffer.from('0123456789')));
    for (const [offset = 0, length = 0] of reads) await source.read(offset, length);
    expect(await source.finish()).toBe(crc32('0123456789'));
  });
});

describe('the progress display', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [99_960, '100 kB'],
    [999_999, '1.0 MB'],
    [1_500_000_000, '1.5 GB'],
    [5e15, '5000 TB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [400, '0 s'],
    [59_400, '59 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 05 min'],
    [3_599_700, '1 h 00 min'],
  ])('%i ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('the rate is that of the last ten seconds, and starts over after a loss', () => {
    const meter = new RateMeter();
    expect(meter.bytesPerSecond).toBeUndefined();
    meter.add(0, 0);
    meter.add(1_000, 500);
    expect(meter.bytesPerSecond).toBe(500);
    meter.add(20_000, 500);
    meter.add(21_000, 2_500);
    expect(meter.bytesPerSecond).toBe(2_000);
    meter.add(22_000, 100);
    expect(meter.bytesPerSecond).toBeUndefined();
  });

  test('a log gets interruptions only, each reason once', () => {
    const stream = new PassThrough();
    const display = new ProgressDisplay(stream, 1_000, () => 0);
    display.start();
    const retry = { kind: 'retry', reason: 'reset', delayMs: 1_000 } as const;
    display.onEvent({ kind: 'progress', offsetBytes: 500, totalBytes: 1_000 });
    display.onEvent(retry);
    display.onEvent(retry);
    display.stop();
    expect(String(stream.read())).toBe('500 B sent; interrupted (reset), trying again every 1 s\n');
  });
});
