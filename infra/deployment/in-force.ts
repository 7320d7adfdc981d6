/** A stack, and the newest package in its deployment bucket. */
export interface Deployed {
  readonly status: string | undefined;
  /** The template that the stack has. */
  readonly template: string;
  /** Where the newest package lies; none where nothing was ever packaged. */
  readonly newestKey: string | undefined;
}

/**
 * Whether the stack is what was packaged last. The deployment tool takes that for granted and does nothing where a package
 * is the same; but the last one may have been taken back, by CloudFormation or by hand.
 */
export const isInForce = ({ status, template, newestKey }: Deployed): boolean =>
  status !== 'UPDATE_ROLLBACK_COMPLETE' &&
  newestKey !== undefined &&
  template.includes(newestKey.slice(0, newestKey.lastIndexOf('/') + 1));
