/**
 * How long a function waits and works for a fragment: assumptions, not measurements in an account. They move the Lambda line of
 * a bill, which is its smallest, and the number of environments that run at once.
 */
export const timing = {
  s3CallMs: 25,
  s3BytesPerMs: 80_000,
  dynamodbCallMs: 4,
  /** Decoding, checking and sending a MiB of a fragment on one whole processor (docs/performance.md measures it). */
  cpuMsPerMebibyte: 15,
  /** What every invocation takes besides. */
  cpuMsPerInvocation: 2,
  memoryMegabytes: 512,
} as const;

/** Lambda gives a whole processor at this much memory. */
const megabytesPerProcessor = 1_769;

const mebibyte = 2 ** 20;

/** The time of one S3 call that moves so many bytes. */
export const s3CallMs = (movedBytes: number): number => timing.s3CallMs + movedBytes / timing.s3BytesPerMs;

/** What the function's own work on a request takes with its share of a processor. */
export const workMs = (bodyBytes: number): number =>
  ((bodyBytes / mebibyte) * timing.cpuMsPerMebibyte + timing.cpuMsPerInvocation) *
  Math.max(1, megabytesPerProcessor / timing.memoryMegabytes);
