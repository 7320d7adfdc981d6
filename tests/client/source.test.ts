import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { bufferSource, fileSource, generatedSource } from '../support/bits-client/index.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function fileWith(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bits-source-'));
  folders.push(folder);
  const path = join(folder, 'file.bin');
  await writeFile(path, content);
  return path;
}

describe('generatedSource', () => {
  test('any range is the same bytes, however it is read', async () => {
    const source = generatedSource(300_000, 'seed');
    const whole = Buffer.from(await source.read(0, 300_000));
    for (const [offset, length] of [
      [0, 1],
      [65_535, 2],
      [65_536, 65_536],
      [100_001, 131_077],
      [299_999, 1],
    ] as const) {
      expect(whole.subarray(offset, offset + length).equals(await source.read(offset, length))).toBe(true);
    }
  });

  test('differs by seed and from block to block', async () => {
    const first = Buffer.from(await generatedSource(200_000, 'a').read(0, 65_536));
    expect(first.equals(await generatedSource(200_000, 'b').read(0, 65_536))).toBe(false);
    expect(first.equals(await generatedSource(200_000, 'a').read(65_536, 65_536))).toBe(false);
  });
});

describe('fileSource', () => {
  test('reads any range', async () => {
    const source = await fileSource(await fileWith('0123456789'));
    expect(source.sizeBytes).toBe(10);
    expect(Buffer.from(await source.read(3, 4)).toString()).toBe('3456');
    await source.close();
  });

  test('notices that the file has changed', async () => {
    const path = await fileWith('0123456789');
    const source = await fileSource(path);
    await appendFile(path, 'x');
    await expect(source.read(0, 1)).rejects.toMatchObject({
      code: 'BG_E_LOCAL_FILE_CHANGED',
      context: 'local-file',
    });
    await source.close();
  });

  test('refuses what is not there and what is no file', async () => {
    await expect(fileSource('/nowhere/at/all')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(fileSource(tmpdir())).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

test('bufferSource reads its bytes', async () => {
  const source = bufferSource(Buffer.from('abc'));
  expect(Buffer.from(await source.read(1, 2)).toString()).toBe('bc');
});
