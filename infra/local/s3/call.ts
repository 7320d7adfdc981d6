import type { PayloadProof } from './auth/authenticate.ts';
import type { RequestHeaders, S3Request, S3Response } from './http.ts';
import type { Catalog } from './store/catalog.ts';
import type { Query } from './target.ts';

/**
 * What CompleteMultipartUpload answers for an upload that was completed before and whose object is still the
 * one under its key. S3's documents leave it open; a client must bear each of these.
 * - `succeeds`: 200 with the same ETag.
 * - `no-such-upload`: 404, as after an abort.
 * - `precondition-first`: 412 if the request says `If-None-Match: *`, else 404.
 */
export type RepeatedComplete = 'succeeds' | 'no-such-upload' | 'precondition-first';

/** Make CompleteMultipartUpload of one key answer 409 ConditionalRequestConflict, once. */
export interface CompleteConflict {
  readonly bucket: string;
  readonly key: string;
  /** S3 says that after a 409 the parts may have to be uploaded again: the upload may be gone. */
  readonly upload: 'kept' | 'destroyed';
  /** Wait for a Complete with `If-None-Match` or `If-Match`, or take the next one of any kind. */
  readonly requests: 'conditional' | 'any';
}

/** What all operations work on. */
export interface Environment {
  readonly catalog: Catalog;
  readonly region: string;
  readonly nowMs: () => number;
  readonly minPartBytes: number;
  readonly repeatedComplete: RepeatedComplete;
  /** Conflicts still to happen; an operation takes out the one that it acts on. */
  readonly conflicts: CompleteConflict[];
}

/** One request on its way to its operation: routed and authenticated, its body not yet read. */
export interface Call {
  readonly request: S3Request;
  readonly headers: RequestHeaders;
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  readonly proof: PayloadProof;
  readonly env: Environment;
  readonly requestId: string;
  /** Bytes that this call stored, for the counters; an operation adds to it. */
  storedBytes: number;
}

/** One operation of the table. Throws `S3Error` to refuse. */
export type Operation = (call: Call) => S3Response | Promise<S3Response>;
