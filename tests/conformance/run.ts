import { randomBytes } from 'node:crypto';
import { RawConnection } from '../support/http/raw-connection.ts';
import type { ConformanceCase } from './case.ts';
import { ALL_CASES } from './cases/index.ts';
import { CaseContext } from './context.ts';
import { ConformanceFailure, failIf, NotRunError } from './failures.ts';
import type { ConformanceOptions } from './options.ts';
import type { CaseResult, Report } from './report.ts';

export interface RunHooks {
  /** Called after each case, in order. */
  readonly onResult?: (result: CaseResult) => void;
}

/** What went over the wire last is what matters; a client that retries for a minute would fill pages. */
const MAX_TRANSCRIPT_ENTRIES = 40;

/** The case that sums up what every answer of every case must be. */
const EVERY_ACK = {
  id: 'every-ack',
  title: 'no Ack has a body, is a redirect, lacks Content-Length or Pragma, or has half an error',
  section: '2, 5, 19',
} as const;

/**
 * Proves the server at `options.url` case by case, one after the other. What the server does wrong is in the report.
 * Rejects with RangeError when a URL is not a prefix or they are not all at one host, with ConnectionError when nobody
 * listens there.
 */
export async function runConformance(options: ConformanceOptions, hooks: RunHooks = {}): Promise<Report> {
  const { authUrl, disabledUrl, forbiddenUrl, lastFragmentUrl, overwriteUrl, replyUrl, url } = options;
  for (const each of [url, authUrl, disabledUrl, forbiddenUrl, lastFragmentUrl, overwriteUrl, replyUrl]) {
    if (each !== undefined) checkPrefix(each, url.origin);
  }
  // Nobody there is one message, not one for each case.
  (await RawConnection.open(url)).destroy();
  // Names differ from run to run: objects of earlier runs cannot be removed by BITS and must not matter.
  const runId = options.runId ?? randomBytes(4).toString('hex');
  const results: CaseResult[] = [];
  const report = (result: CaseResult) => {
    results.push(result);
    hooks.onResult?.(result);
  };
  let answers = 0;
  const violations: string[] = [];
  for (const each of selectCases(options)) {
    const context = new CaseContext(options, `conformance-${runId}-${each.id}`);
    report(await runCase(each, context));
    answers += context.log.answers;
    violations.push(...context.log.violations.map((violation) => `${each.id}: ${violation}`));
  }
  if (isSelected(EVERY_ACK.id, options)) report(sumUp(answers, violations));
  const count = (outcome: CaseResult['outcome']) =>
    results.filter((result) => result.outcome === outcome).length;
  return {
    url: url.href,
    cases: results,
    passed: count('passed'),
    failed: count('failed'),
    notRun: count('not-run'),
    answers,
  };
}

function checkPrefix(prefix: URL, origin: string): void {
  if (!prefix.pathname.endsWith('/') || prefix.search !== '') {
    throw new RangeError(`the URL must be a prefix that ends in /: ${prefix.href}`);
  }
  if (prefix.origin !== origin) throw new RangeError(`every URL must be at ${origin}: ${prefix.href}`);
}

/** The cases that the options choose. `every-ack` is not among them: it always comes last. */
export function selectCases(options: Pick<ConformanceOptions, 'only'>): readonly ConformanceCase[] {
  return ALL_CASES.filter(({ id }) => isSelected(id, options));
}

const isSelected = (id: string, { only }: Pick<ConformanceOptions, 'only'>) =>
  only === undefined || only.some((part) => id.includes(part));

async function runCase(each: ConformanceCase, context: CaseContext): Promise<CaseResult> {
  const startMs = performance.now();
  let outcome: CaseResult['outcome'] = 'passed';
  let reason: string | undefined;
  try {
    if (each.isLarge === true && context.options.isQuick === true)
      throw new NotRunError('left out by --quick');
    await each.run(context);
    failIf(context.log.violations, 'an Ack broke a rule for all of them');
  } catch (error) {
    outcome = error instanceof NotRunError ? 'not-run' : 'failed';
    reason = describeFailure(error);
  } finally {
    await context.finish();
  }
  return {
    id: each.id,
    title: each.title,
    section: each.section,
    outcome,
    notes: context.notes,
    reason,
    transcript: outcome === 'failed' ? context.log.transcript.slice(-MAX_TRANSCRIPT_ENTRIES) : [],
    durationMs: Math.round(performance.now() - startMs),
  };
}

/** A failure of the server by its message; anything else with its kind, since it may be a fault of the suite. */
function describeFailure(error: unknown): string {
  if (error instanceof ConformanceFailure || error instanceof NotRunError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.name}: ${error.message}${cause}`;
}

function sumUp(answers: number, violations: readonly string[]): CaseResult {
  const isSound = violations.length === 0 && answers > 0;
  return {
    ...EVERY_ACK,
    outcome: isSound ? 'passed' : 'failed',
    notes: [`${answers} answers`],
    reason: isSound ? undefined : answers === 0 ? 'there was no answer at all' : violations.join('; '),
    transcript: [],
    durationMs: 0,
  };
}
