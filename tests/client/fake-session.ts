import type { Credentials } from '../support/bits-client/index.ts';

/** A destination of the fake server. */
export interface FakeDestination {
  readonly prefix: string;
  readonly allowOverwrites?: boolean;
  readonly isDisabled?: boolean;
  readonly isForbidden?: boolean;
  readonly credentials?: Credentials;
  readonly maxUploadSizeBytes?: number;
  readonly fragmentLimitBytes?: number;
  readonly sessionQuota?: number;
  readonly publishOn?: 'close-session' | 'last-fragment';
  /** Reply to every upload, served below `/replies/`. */
  readonly reply?: Uint8Array;
}

/** A session of the fake server. */
export interface FakeSession {
  readonly key: string;
  readonly id: string;
  /** Path and query of the URL; packets with another path do not see the session. */
  readonly path: string;
  readonly objectPath: string;
  readonly destination: FakeDestination;
  /** The contiguous bytes from 0. */
  data: Buffer;
  total: number | undefined;
  /** How it ended; a session that has ended is a tombstone. */
  outcome: 'published' | 'cancelled' | 'refused' | 'early' | undefined;
  /** A defect threw it away. */
  isDropped: boolean;
}
