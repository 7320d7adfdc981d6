import type { Credentials } from '../support/bits-client/index.ts';

/**
 * What the suite is told about the server. Only `url` is needed; every other member lets more cases run. Cases that
 * lack what they need are reported as not run, with the flag that would let them.
 */
export interface ConformanceOptions {
  /** Prefix of a destination where uploads are allowed and overwriting is off; ends in `/`. */
  readonly url: URL;
  /** Prefix of a destination that allows overwriting. */
  readonly overwriteUrl?: URL | undefined;
  /** Prefix of a destination where uploads are disabled (501). */
  readonly disabledUrl?: URL | undefined;
  /** Prefix of a destination that asks for `credentials`. Default: `url`, when credentials are given. */
  readonly authUrl?: URL | undefined;
  readonly credentials?: Credentials | undefined;
  /** Credentials that are right but may not upload to `authUrl`'s sibling `forbiddenUrl` (403). */
  readonly forbiddenUrl?: URL | undefined;
  /** Realm of the Basic challenge, for the byte comparison. Default `uploads`. */
  readonly realm?: string | undefined;
  /** Prefix of a destination that publishes on the last fragment. */
  readonly lastFragmentUrl?: URL | undefined;
  /** Prefix of a destination whose uploads get a reply. */
  readonly replyUrl?: URL | undefined;
  /** Largest FRAGMENT body accepted at `url`. */
  readonly fragmentLimitBytes?: number | undefined;
  /** Largest total accepted at `url`. */
  readonly maxUploadSizeBytes?: number | undefined;
  /** Sessions that one principal may have at `url` at the same time. */
  readonly sessionQuota?: number | undefined;
  /** Idle life of a session at `url`, where it is short enough to be waited for. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Makes a session expire now, where the caller can do that. */
  readonly expireSession?: ((sessionId: string) => Promise<void>) | undefined;
  /** Reads a published object by its upload URL; undefined when there is none. Lets the suite compare bytes. */
  readonly readObject?: ((url: URL) => Promise<Uint8Array | undefined>) | undefined;
  /** In the names of what is uploaded, `conformance-RUN-CASE`. Default: eight digits by chance. */
  readonly runId?: string | undefined;
  /** Run only cases whose id contains one of these. */
  readonly only?: readonly string[] | undefined;
  /** Leave out the cases that send megabytes. */
  readonly isQuick?: boolean | undefined;
  /** Longest wait for one answer. Default 30,000. */
  readonly answerTimeoutMs?: number | undefined;
  /** Whether header names of an answer must have the published letter case. Default true; false behind some proxies. */
  readonly isHeaderCaseExact?: boolean | undefined;
}

/** Members that a case can need, each with the command-line flag that gives it. */
export const FLAGS = {
  overwriteUrl: '--overwrite-url',
  disabledUrl: '--disabled-url',
  authUrl: '--auth-url',
  credentials: '--user and --password',
  forbiddenUrl: '--forbidden-url',
  lastFragmentUrl: '--last-fragment-url',
  replyUrl: '--reply-url',
  fragmentLimitBytes: '--fragment-limit',
  maxUploadSizeBytes: '--max-size',
  sessionQuota: '--session-quota',
  sessionTimeoutMs: '--session-timeout',
} as const satisfies Partial<Record<keyof ConformanceOptions, string>>;

export type Need = keyof typeof FLAGS;
