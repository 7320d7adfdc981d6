import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockDataDir } from '../../infra/local/data-dir-lock.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a folder has one holder until it is released, by that holder and no other', async () => {
  const folder = join(await tempFolder(), 'made/on/the/way');
  const lock = await lockDataDir(folder);
  await expect(lockDataDir(folder)).rejects.toMatchObject({
    code: 'DATA_DIR_IN_USE',
    message: expect.stringContaining(`process ${process.pid}`),
  });
  expect(await readdir(folder)).toEqual(['stack.lock.1']);
  await lock.release();
  const next = await lockDataDir(folder);
  await lock.release();
  await expect(lockDataDir(folder)).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
  await next.release();
  expect(await readdir(folder)).toEqual(['stack.lock.2']);
  expect(await readFile(join(folder, 'stack.lock.2'), 'utf8')).toBe('');
});

test('of twenty at once, one gets it', async () => {
  const folder = await tempFolder();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataDir(folder)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(folder)).toEqual(['stack.lock.1']);
});

test('of twenty at once over a stale lock, one gets it', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'stack.lock.1'), `${await deadProcess()} 1 token\n`);
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataDir(folder)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(folder)).toEqual(['stack.lock.2']);
});

test('holders that come and go at once never overlap', async () => {
  const folder = await tempFolder();
  let holders = 0;
  let taken = 0;
  const comeAndGo = async () => {
    for (let turn = 0; turn < 20; turn++) {
      const lock = await lockDataDir(folder).catch(() => undefined);
      if (lock === undefined) continue;
      taken++;
      expect(++holders).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      holders--;
      await lock.release();
    }
  };
  await Promise.all(Array.from({ length: 10 }, comeAndGo));
  expect(taken).toBeGreaterThan(0);
});

test.each([
  ['of a process that is gone', async () => `${await deadProcess()} 1 token\n`],
  ['of an earlier process with our own number', async () => `${process.pid} 1 token\n`],
  ['with nothing in it', async () => ''],
  ['with nonsense in it', async () => 'what?'],
])('a lock %s does not block', async (_, content) => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'stack.lock.1'), await content());
  await (await lockDataDir(folder)).release();
});

test('the lock of another living process blocks', async () => {
  const folder = await tempFolder();
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  try {
    await writeFile(join(folder, 'stack.lock.1'), `${other.pid} - token\n`);
    await expect(lockDataDir(folder)).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
  } finally {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }
  await (await lockDataDir(folder)).release();
});

test.runIf(process.platform === 'linux')(
  'the number of a dead holder that another process has now does not block',
  async () => {
    const folder = await tempFolder();
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      await writeFile(join(folder, 'stack.lock.1'), `${other.pid} 1 token\n`);
      await (await lockDataDir(folder)).release();
    } finally {
      other.kill('SIGKILL');
      await once(other, 'exit');
    }
  },
);

test('a folder that cannot be made is named', async () => {
  const file = join(await tempFolder(), 'file');
  await writeFile(file, '');
  await expect(lockDataDir(join(file, 'below'))).rejects.toMatchObject({
    code: 'DATA_DIR_UNUSABLE',
    message: expect.stringContaining(join(file, 'below')),
  });
  expect(await readFile(file, 'utf8')).toBe('');
});

async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}
