import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { systemErrorCode } from './errors.ts';

/** What the system tells about a process. */
export interface ProcessEntry {
  /** Name of the program, without its folder; may be cut off. */
  readonly name: string;
  readonly parent: number;
  /** When it started, in ticks since the machine did; only Linux tells. */
  readonly startTicks?: string;
  /** It has ended, and only its number is still taken. */
  readonly isZombie: boolean;
}

/** Whether a process with this number is running, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
  return process.platform !== 'linux' || readProcess(pid)?.isZombie === false;
}

/** A process by its number; `undefined` when there is none, or where the system does not tell (Windows). */
export function readProcess(pid: number): ProcessEntry | undefined {
  if (process.platform === 'linux') return readProc(pid);
  return process.platform === 'win32' ? undefined : askPs(pid);
}

function readProc(pid: number): ProcessEntry | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
  // The name stands in brackets and may hold anything, brackets too; what follows the last one is plain.
  const nameEnd = stat.lastIndexOf(')');
  const [state = '', parent = '', ...more] = stat.slice(nameEnd + 2).split(' ');
  const startTicks = more[17];
  return {
    name: stat.slice(stat.indexOf('(') + 1, nameEnd),
    parent: Number(parent),
    ...(startTicks === undefined ? {} : { startTicks }),
    isZombie: state === 'Z' || state === 'X',
  };
}

function askPs(pid: number): ProcessEntry | undefined {
  let line: string;
  try {
    line = execFileSync('ps', ['-o', 'ppid=,stat=,comm=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    // ps ends with an error for a process that is not there, and not every system has ps: either way nothing is known.
    return undefined;
  }
  const [, parent, state, command] = /^\s*(\d+)\s+(\S+)\s+(.*?)\s*$/.exec(line) ?? [];
  if (parent === undefined || state === undefined || command === undefined) return undefined;
  return {
    name: command.slice(command.lastIndexOf('/') + 1),
    parent: Number(parent),
    isZombie: state.startsWith('Z'),
  };
}
