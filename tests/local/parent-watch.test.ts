import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchParent } from '../../infra/local/parent-watch.ts';
import { isAlive, readProcess } from '../../infra/local/process-table.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A system with us below `parent` (called `name`) below 50; the test ends processes by changing it. */
function system(name: string | undefined) {
  const state = { parent: 100, alive: new Set([100, 50]) };
  const orphaned = vi.fn();
  const stop = watchParent(orphaned, {
    parentOf: () => state.parent,
    isAlive: (pid) => state.alive.has(pid),
    readProcess: () => (name === undefined ? undefined : { name, parent: 50, isZombie: false }),
  });
  return { state, orphaned, stop };
}

type State = ReturnType<typeof system>['state'];
const cases: readonly [string, string | undefined, (state: State) => unknown, number][] = [
  ['our parent changed', 'node', (state) => Object.assign(state, { parent: 1 }), 1],
  ['our parent is gone, its number stays', undefined, (state) => state.alive.delete(100), 1],
  ['npm above a shell is gone', 'sh', (state) => state.alive.delete(50), 1],
  ['the shell itself is gone', 'dash', (state) => state.alive.delete(100), 1],
  [
    "npm is our parent; whoever started npm is gone, which is npm's affair",
    'npm start',
    (state) => state.alive.delete(50),
    0,
  ],
  ['nothing happened', 'sh', () => undefined, 0],
];

test.each(cases)('%s', (_, name, change, calls) => {
  const { state, orphaned } = system(name);
  vi.advanceTimersByTime(1000);
  expect(orphaned).not.toHaveBeenCalled();
  change(state);
  vi.advanceTimersByTime(5000);
  expect(orphaned).toHaveBeenCalledTimes(calls);
});

test('a watch that was ended says nothing any more', () => {
  const { state, orphaned, stop } = system('sh');
  stop();
  state.parent = 1;
  vi.advanceTimersByTime(5000);
  expect(orphaned).not.toHaveBeenCalled();
});

test('the process table knows us, our parent, and nobody with an impossible number', () => {
  expect(isAlive(process.pid)).toBe(true);
  expect([0, -1, 1.5, Number.NaN].map(isAlive)).toEqual([false, false, false, false]);
  if (process.platform !== 'win32') expect(readProcess(process.pid)?.parent).toBe(process.ppid);
  expect(readProcess(2 ** 30)).toBeUndefined();
});
