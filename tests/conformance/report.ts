/** One promise of the protocol and how the server kept it. */
export interface CaseResult {
  readonly id: string;
  readonly title: string;
  /** Section and row of the protocol that the case proves: `7.5 F8`. */
  readonly section: string;
  readonly outcome: 'passed' | 'failed' | 'not-run';
  /** Which of several right answers was seen, what was left out. */
  readonly notes: readonly string[];
  /** Why the case failed, or what it needs in order to run. */
  readonly reason: string | undefined;
  /** Requests and answers of a failed case, one line or block each. */
  readonly transcript: readonly string[];
  readonly durationMs: number;
}

export interface Report {
  readonly url: string;
  readonly cases: readonly CaseResult[];
  readonly passed: number;
  readonly failed: number;
  readonly notRun: number;
  /** Answers looked at for what every Ack must be, over all cases. */
  readonly answers: number;
}

const MARKS = { passed: 'ok  ', failed: 'FAIL', 'not-run': '-   ' } as const;

/** One result for a terminal: a line, and below it notes, the reason and, for a failure, what went over the wire. */
export function formatResult(result: CaseResult): string {
  const lines = [`${MARKS[result.outcome]} ${result.id}  [${result.section}] ${result.title}`];
  lines.push(...result.notes.map((note) => `       note: ${note}`));
  if (result.reason !== undefined) {
    lines.push(`       ${result.outcome === 'not-run' ? 'not run: ' : ''}${result.reason}`);
  }
  if (result.outcome === 'failed') {
    lines.push(...result.transcript.flatMap((entry) => entry.split('\n')).map((line) => `       | ${line}`));
  }
  return lines.join('\n');
}

/** The last line of a report. */
export function formatSummary(report: Report): string {
  const { answers, failed, notRun, passed, url } = report;
  return `${url}: ${passed} passed, ${failed} failed, ${notRun} not run; ${answers} answers looked at`;
}
