import { isAlive, type ProcessEntry, readProcess } from './process-table.ts';

/** What the watch looks at; tests bring their own. */
export interface ParentWatchOptions {
  readonly intervalMs?: number;
  /** The number of our parent process at this moment. */
  readonly parentOf?: () => number;
  readonly readProcess?: (pid: number) => ProcessEntry | undefined;
  readonly isAlive?: (pid: number) => boolean;
}

const SHELL = /^-?(?:a|ba|da|k|z)?sh$|^busybox$/;

/**
 * Calls `onOrphaned` once when npm, which started us, has ended. A killed npm cannot tell its child, and the child
 * would keep the ports. npm runs a script through a shell; some shells step aside for their only command, then npm is our
 * parent, others stay, then it is the parent of our parent, and that one does not change when npm is gone.
 *
 * Where the system does not tell who a process's parent is (Windows), only our own parent is watched.
 * Returns a function that ends the watch; the watch alone keeps no process alive.
 */
export function watchParent(onOrphaned: () => void, options: ParentWatchOptions = {}): () => void {
  const { intervalMs = 250, parentOf = () => process.ppid } = options;
  const alive = options.isAlive ?? isAlive;
  const parent = parentOf();
  const entry = (options.readProcess ?? readProcess)(parent);
  const npm = entry !== undefined && SHELL.test(entry.name) ? entry.parent : parent;
  const timer = setInterval(() => {
    // POSIX hands an orphan to another parent; on Windows the old number stays.
    if (parentOf() === parent && alive(parent) && alive(npm)) return;
    clearInterval(timer);
    onOrphaned();
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
