import type { CheckResult } from './run.ts';

const marks = { holds: 'ok  ', fails: 'FAIL', open: '-   ' } as const;

/** One result for a terminal: what was believed, and below it what was seen. */
export const resultText = ({ id, assumption, verdict, evidence }: CheckResult): string =>
  `${marks[verdict]} ${id}: ${assumption}\n       ${evidence}`;

/** The last line of a report. */
export const summaryText = (results: readonly CheckResult[]): string => {
  const count = (verdict: CheckResult['verdict']) =>
    results.filter((result) => result.verdict === verdict).length;
  return `${count('holds')} hold, ${count('fails')} do not, ${count('open')} could not be looked at`;
};
