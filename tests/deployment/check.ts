import type { Credentials } from '../support/bits-client/index.ts';
import type { FunctionLogs } from './function-logs.ts';
import type { Stores } from './stores.ts';

/** A service that runs somewhere, and what the check may look at there. */
export interface Subject {
  /** Prefix of a destination where uploads are allowed and overwriting is off. */
  readonly url: URL;
  readonly credentials: Credentials | undefined;
  readonly stores: Stores;
  /** None where nothing keeps them, as on a developer's machine. */
  readonly logs: FunctionLogs | undefined;
  /** In the name of everything that is uploaded. */
  readonly runId: string;
  readonly startedAtMs: number;
}

/** `open`: it could not be looked at, and still is an assumption. */
export type Verdict = 'holds' | 'fails' | 'open';

export interface Finding {
  readonly verdict: Verdict;
  /** What was seen: numbers, names, the first thing that was wrong. */
  readonly evidence: string;
}

/** Something that this project believes of AWS, and how to see whether it is so. */
export interface Check {
  /** Stands in docs/unproven.md, in the row that it takes out. */
  readonly id: string;
  readonly assumption: string;
  /** May reject: then the assumption does not hold, for the reason that the error gives. */
  run(subject: Subject): Promise<Finding>;
}

export const holds = (evidence: string): Finding => ({ verdict: 'holds', evidence });
export const fails = (evidence: string): Finding => ({ verdict: 'fails', evidence });
export const open = (evidence: string): Finding => ({ verdict: 'open', evidence });

/** A file of this run, below the destination's prefix. */
export const fileUrl = ({ url, runId }: Pick<Subject, 'url' | 'runId'>, name: string): URL =>
  new URL(`deployment-check-${runId}-${name}`, url);
