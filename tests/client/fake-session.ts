import type { FakeDestination } from './fake-server.ts';

/** A session of the fake server. */
export interface FakeSession {
  readonly key: string;
  readonly id: string;
  /** Destination path; packets with another path do not see the session. */
  readonly path: string;
  readonly destination: FakeDestination;
  /** The contiguous bytes from 0. */
  data: Buffer;
  total: number | undefined;
  /** How it ended; a session that has ended is a tombstone. */
  outcome: 'published' | 'cancelled' | 'refused' | 'early' | undefined;
  /** A defect threw it away. */
  isDropped: boolean;
}
