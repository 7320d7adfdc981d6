import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StartError, systemErrorCode } from './errors.ts';

/** A folder that nobody else uses until it is released. */
export interface DataDirLock {
  release(): Promise<void>;
}

const LOCK_FILE = 'stack.lock';
/** A lock that names our own process is either held here or was left by an earlier process of the same number. */
const heldHere = new Set<string>();

/**
 * Takes `dataDir` (made when missing) for this process. A lock whose process is gone is taken over; where the
 * system tells when a process started (Linux), a process that merely has the same number does not count.
 *
 * Throws `StartError`: `DATA_DIR_IN_USE` naming the process, `DATA_DIR_UNUSABLE` when nothing can be written there.
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const path = join(resolve(dataDir), LOCK_FILE);
  const mine = join(resolve(dataDir), `${LOCK_FILE}.${process.pid}.${randomUUID()}`);
  const content = `${process.pid} ${startedAt(process.pid) ?? ''}\n`;
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFile(mine, content, { flag: 'wx' });
  } catch (cause) {
    throw unusable(dataDir, cause);
  }
  try {
    // The link appears with its content, or not at all: nobody ever reads a half-written lock.
    while (!(await tryLink(mine, path, dataDir))) await removeStale(path, `${mine}.stale`, dataDir);
  } finally {
    await rm(mine, { force: true });
  }
  heldHere.add(path);
  return {
    async release() {
      if (heldHere.delete(path)) await rm(path, { force: true });
    },
  };
}

async function tryLink(from: string, to: string, dataDir: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw unusable(dataDir, error);
  }
}

/** Throws while the holder lives; else moves its lock away. Another newcomer may have been faster: then nothing. */
async function removeStale(path: string, aside: string, dataDir: string): Promise<void> {
  const content = await readIfThere(path);
  if (content === undefined) return;
  const [pid = '', started = ''] = content.trim().split(' ');
  if (isHeld(path, Number(pid), started)) {
    throw new StartError('DATA_DIR_IN_USE', `${dataDir} is in use by another local stack (process ${pid})`);
  }
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw unusable(dataDir, error);
  }
  // Between reading and moving, a faster newcomer may have put its own lock there: give that one back.
  if ((await readFile(aside, 'utf8')) !== content) await tryLink(aside, path, dataDir);
  await rm(aside);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isHeld(path: string, pid: number, started: string): boolean {
  if (pid === process.pid) return heldHere.has(path);
  if (!isAlive(pid)) return false;
  const now = startedAt(pid);
  return started === '' || now === undefined || now === started;
}

/** Whether a process with this number exists, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** When a process started, in ticks since the machine did; `undefined` where the system does not tell. */
function startedAt(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold anything; the 20th after it is the start time.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    if (systemErrorCode(error) !== undefined) return undefined;
    throw error;
  }
}

function unusable(dataDir: string, cause: unknown): StartError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StartError('DATA_DIR_UNUSABLE', `DATA_DIR ${dataDir} cannot be used: ${why}`, { cause });
}
