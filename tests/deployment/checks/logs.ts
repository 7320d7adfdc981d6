import { setTimeout as delay } from 'node:timers/promises';
import { bufferSource } from '../../support/bits-client/index.ts';
import { type Check, fails, fileUrl, holds, open, type Subject } from '../check.ts';
import type { LogLine } from '../function-logs.ts';
import { upload } from './upload.ts';

/** CloudWatch shows a line some seconds after it was written. */
const waitMs = 5_000;
const tries = 24;

/** Read once for all checks of a run: each would wait for CloudWatch again. */
const gathered = new WeakMap<Subject, Promise<readonly LogLine[] | undefined>>();

/**
 * All lines of this run: an upload goes ahead, and the lines are read when those of its CLOSE are among them.
 * `undefined`: nobody keeps logs here.
 */
const linesOfRun = (subject: Subject): Promise<readonly LogLine[] | undefined> => {
  const lines = gathered.get(subject) ?? gather(subject);
  gathered.set(subject, lines);
  return lines;
};

const gather = async (subject: Subject): Promise<readonly LogLine[] | undefined> => {
  const { logs, startedAtMs } = subject;
  if (logs === undefined) return undefined;
  const { sessionId } = await upload(subject, fileUrl(subject, 'logs'), bufferSource(Buffer.from('last')));
  for (let tried = 0; tried < tries; tried++) {
    const lines = await logs.since(startedAtMs);
    if (lines.some(({ text }) => text.includes(sessionId) && text.includes('Close-Session'))) return lines;
    await delay(waitMs);
  }
  throw new Error(
    `session ${sessionId} has no line of its CLOSE in the logs after ${(tries * waitMs) / 1000} s`,
  );
};

const noLogs = open('no logs are kept here');

const refusals = /AccessDenied|not authorized to perform|UnauthorizedOperation/;

const permissions: Check = {
  id: 'permissions',
  assumption: 'each role allows all that its function does, and no packet of this run met a fault',
  async run(subject) {
    const lines = await linesOfRun(subject);
    if (lines === undefined) return noLogs;
    const refused = lines.filter(({ text }) => refusals.test(text));
    const errors = lines.filter(({ text }) => !refusals.test(text) && text.includes('"level":"ERROR"'));
    const [first] = [...refused, ...errors];
    return first === undefined
      ? holds(`${lines.length} lines, none of them an error`)
      : fails(
          `${refused.length} refusals, ${errors.length} other errors; ${first.functionName}: ${first.text.slice(0, 300)}`,
        );
  },
};

/** A cold start longer than this is felt: [PING, others]. */
const coldMs = { ping: 1_000, others: 2_000 };

const coldStarts: Check = {
  id: 'cold-starts',
  assumption: 'a cold start of PING takes less than a second, of the others less than two',
  async run(subject) {
    const lines = await linesOfRun(subject);
    if (lines === undefined) return noLogs;
    const starts = lines.flatMap(({ functionName, text }) => {
      const [, ms] = /Init Duration: ([\d.]+) ms/.exec(text) ?? [];
      return ms === undefined ? [] : [{ functionName, ms: Number(ms) }];
    });
    if (starts.length === 0) return open('no function was started in this run: every environment was warm');
    const slow = starts.filter(
      ({ functionName, ms }) => ms > (functionName === 'ping' ? coldMs.ping : coldMs.others),
    );
    const longest = new Map<string, number>();
    for (const { functionName, ms } of starts)
      longest.set(functionName, Math.max(ms, longest.get(functionName) ?? 0));
    const evidence = [...longest].map(([name, ms]) => `${name} ${Math.round(ms)} ms`).join(', ');
    return (slow.length === 0 ? holds : fails)(evidence);
  },
};

/** What docs/scaling.md reckons with, and as much again for a stack that was never warm. */
const fragmentMs = 400;

const fragmentTime: Check = {
  id: 'fragment-time',
  assumption: `a fragment of 1,000,000 bytes takes the function less than ${fragmentMs} ms`,
  async run(subject) {
    const lines = await linesOfRun(subject);
    if (lines === undefined) return noLogs;
    const times = lines
      .filter(({ text }) => text.includes('"length":"1000000"') && text.includes('"status":200'))
      .flatMap(({ text }) => /"durationMs":([\d.]+)/.exec(text)?.[1] ?? [])
      .map(Number)
      .toSorted((one, other) => one - other);
    const median = times[Math.floor(times.length / 2)];
    if (median === undefined) return open('no fragment of that size was accepted in this run');
    const evidence = `median ${Math.round(median)} ms of ${times.length}, longest ${Math.round(times.at(-1) ?? median)} ms`;
    return (median < fragmentMs ? holds : fails)(evidence);
  },
};

export const logChecks: readonly Check[] = [permissions, coldStarts, fragmentTime];
