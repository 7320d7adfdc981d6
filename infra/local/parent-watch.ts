import { isAlive } from './data-dir-lock.ts';

/** What the watch looks at; tests bring their own. */
export interface ParentWatchOptions {
  readonly intervalMs?: number;
  /** The number of the parent process at this moment. */
  readonly parentOf?: () => number;
  readonly isAlive?: (pid: number) => boolean;
}

/**
 * Calls `onOrphaned` once when the process that started us has ended: our parent has changed (POSIX hands an orphan to
 * another), or is gone (Windows keeps the old number). A killed npm cannot tell its child, and the child would keep
 * the ports. Returns a function that ends the watch; the watch alone keeps no process alive.
 */
export function watchParent(onOrphaned: () => void, options: ParentWatchOptions = {}): () => void {
  const { intervalMs = 250, parentOf = () => process.ppid, isAlive: alive = isAlive } = options;
  const parent = parentOf();
  const timer = setInterval(() => {
    if (parentOf() === parent && alive(parent)) return;
    clearInterval(timer);
    onOrphaned();
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
