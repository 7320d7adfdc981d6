import { type Clock, install as installFakeTimers } from '@sinonjs/fake-timers';

/** The clock of a run: `uninstall` gives the process its own back. */
export type VirtualClock = Clock & { uninstall(): void };

/** Time stands still at `nowMs` until somebody moves it. */
export const installClock = (nowMs: number): VirtualClock =>
  installFakeTimers({ now: nowMs, toFake: ['setTimeout', 'clearTimeout', 'Date'] });

// Taken before the clock is faked: real turns of the event loop are how promises between two calls get done.
const realImmediate = setImmediate;
const turnsToQuiet = 4;

/**
 * Everything has come to its next call, delivery or timer. Files are the one thing that takes real time: how long a disk
 * needs must not decide what a seed chooses from.
 */
export const quiet = async (): Promise<void> => {
  do {
    for (let turn = 0; turn < turnsToQuiet; turn++) await new Promise((resolve) => realImmediate(resolve));
  } while (process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq')));
};
