import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError, systemErrorCode } from './errors.ts';
import { isAlive, readProcess } from './process-table.ts';

/** A folder that nobody else uses until it is released. */
export interface DataDirLock {
  release(): Promise<void>;
}

/** One file `stack.lock.<number>`: process, when that started, and a token that no other lock has. */
interface LockFile {
  readonly number: number;
  readonly pid: number;
  readonly startedAt: string;
  readonly token: string;
}

const LOCK_FILE = /^stack\.lock\.(\d{1,9})$/;
/** A lock that names our own process is either held here or was left by an earlier process of the same number. */
const tokensHeldHere = new Set<string>();

/**
 * Takes `dataDir` (made when missing) for this process. A lock whose process is gone is taken over; where the
 * system tells when a process started (Linux), a process that merely has the same number does not count.
 *
 * The lock file with the highest number counts, and it is never deleted, only followed by the next number: deleting a
 * stale lock by its name could hit the fresh one that another newcomer has just put there.
 *
 * Throws `StartError`: `DATA_DIR_IN_USE` naming the process, `DATA_DIR_UNUSABLE` when nothing can be written there.
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const token = randomUUID();
  const draft = join(dataDir, `stack.lock.draft-${token}`);
  tokensHeldHere.add(token);
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFile(draft, `${process.pid} ${readProcess(process.pid)?.startTicks ?? '-'} ${token}\n`, {
      flag: 'wx',
    });
    for (;;) {
      const newest = await newestLock(dataDir);
      if (newest !== undefined && isHeld(newest)) {
        const message = `${dataDir} is in use by another local stack (process ${newest.pid})`;
        throw new StartError('DATA_DIR_IN_USE', message);
      }
      const number = (newest?.number ?? 0) + 1;
      if (await takeNumber(dataDir, draft, number)) return heldLock(dataDir, number, token);
    }
  } catch (cause) {
    tokensHeldHere.delete(token);
    if (cause instanceof StartError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StartError('DATA_DIR_UNUSABLE', `DATA_DIR ${dataDir} cannot be used: ${why}`, { cause });
  } finally {
    // Forced: where the folder cannot be used there is no draft to remove, and that failure is already on its way.
    await rm(draft, { force: true }).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'ENOTDIR') throw error;
    });
  }
}

async function heldLock(dataDir: string, number: number, token: string): Promise<DataDirLock> {
  for (const older of await lockNumbers(dataDir)) {
    if (older < number) await rm(lockPath(dataDir, older), { force: true });
  }
  return {
    // An empty file says that nobody holds the folder.
    async release() {
      if (tokensHeldHere.delete(token)) await truncate(lockPath(dataDir, number));
    },
  };
}

/** Makes `draft` the lock of that number, whole at once. False when another was faster. */
async function takeNumber(dataDir: string, draft: string, number: number): Promise<boolean> {
  const path = lockPath(dataDir, number);
  try {
    await link(draft, path);
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
  // The number was free because its holder came, went, and was followed by a higher one while we looked.
  const newest = Math.max(...(await lockNumbers(dataDir)));
  if (newest > number) await rm(path, { force: true });
  return newest === number;
}

async function newestLock(dataDir: string): Promise<LockFile | undefined> {
  const number = Math.max(0, ...(await lockNumbers(dataDir)));
  if (number === 0) return undefined;
  try {
    const text = await readFile(lockPath(dataDir, number), 'utf8');
    const [pid = '', startedAt = '-', token = ''] = text.trim().split(' ');
    return { number, pid: Number(pid), startedAt, token };
  } catch (error) {
    // Its successor has removed it since we listed the folder: look again.
    if (systemErrorCode(error) === 'ENOENT') return newestLock(dataDir);
    throw error;
  }
}

async function lockNumbers(dataDir: string): Promise<number[]> {
  const names = await readdir(dataDir);
  return names.flatMap((name) => {
    const [, number] = LOCK_FILE.exec(name) ?? [];
    return number === undefined ? [] : [Number(number)];
  });
}

function lockPath(dataDir: string, number: number): string {
  return join(dataDir, `stack.lock.${number}`);
}

function isHeld({ pid, startedAt, token }: LockFile): boolean {
  if (pid === process.pid) return tokensHeldHere.has(token);
  if (!isAlive(pid)) return false;
  const startTicks = readProcess(pid)?.startTicks;
  return startedAt === '-' || startTicks === undefined || startTicks === startedAt;
}
