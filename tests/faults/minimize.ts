import { runSchedule, type ScheduleResult } from './schedule.ts';

/**
 * The same seed with as few faults as still break it: only its first n faults happen. The trace of what is left is short
 * enough to read.
 */
export const minimize = async (seed: number): Promise<ScheduleResult> => {
  const whole = await runSchedule(seed);
  for (let faults = 0; faults < whole.faults; faults++) {
    const fewer = await runSchedule(seed, new Map(), faults);
    if (fewer.violation !== undefined) return fewer;
  }
  return whole;
};
