import type { CaseContext } from './context.ts';

/** One promise of the protocol, proved from outside. */
export interface ConformanceCase {
  /** Stable and unique; letters, digits, `.` and `-` only, since it becomes part of file names. */
  readonly id: string;
  readonly title: string;
  /** Section and row of the protocol. */
  readonly section: string;
  /** Sends megabytes; left out by `isQuick`. */
  readonly isLarge?: boolean;
  /** Resolves when the promise is kept; rejects with ConformanceFailure or NotRunError. */
  readonly run: (context: CaseContext) => Promise<void>;
}
