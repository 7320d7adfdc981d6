/** The embedded S3: what other parts of the local stack, tests and simulations use. */
export type { CompleteConflict, RepeatedComplete } from './call.ts';
export { type EmbeddedS3, type EmbeddedS3Options, openEmbeddedS3 } from './embedded-s3.ts';
export { ClosedError, DamagedRecordError } from './errors.ts';
export type { FaultAction, FaultHook, FaultTarget } from './faults.ts';
export type { RequestHeaders, S3Request, S3Response } from './http.ts';
export type { OperationName } from './operations/table.ts';
export type { ListeningS3 } from './server.ts';
export type { OperationStats, S3Stats } from './stats.ts';
