import type { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';

/** How often an answer that broke off is asked for again. The call itself the SDK repeats. */
const maxReads = 3;
/** A call that moves nothing large answers within this, or is repeated. */
const callTimeoutMs = 10_000;
/** The slowest that S3 is given for moving bytes before a call is repeated. */
const leastBytesPerMs = 2_000;

/** How long a call that moves so many bytes may take. */
export const callTimeMs = (bodyBytes: number, atLeastMs = callTimeoutMs): number =>
  atLeastMs + bodyBytes / leastBytesPerMs;

/** How a call is sent. */
export interface CallOptions {
  readonly abortSignal?: AbortSignal;
  /** Until the head of the answer. */
  readonly requestTimeout?: number;
}

/**
 * The whole body of an object, or of its range. The SDK's time-outs and its retries end with the head of an answer: a body that
 * broke off would be a fault of the whole packet, and one that stalls would last until the function's deadline.
 * @param bodyTimeoutMs for the body, besides what its length takes
 * @throws what the call, or the last of the bodies, failed with
 */
export const wholeObject = async (
  client: S3Client,
  command: GetObjectCommand,
  options: CallOptions = {},
  bodyTimeoutMs = callTimeoutMs,
): Promise<Uint8Array> => {
  for (let reads = 1; ; reads++) {
    const stalled = new AbortController();
    const signals = options.abortSignal === undefined ? [] : [options.abortSignal];
    const abortSignal = AbortSignal.any([...signals, stalled.signal]);
    const { Body, ContentLength = 0 } = await client.send(command, { ...options, abortSignal });
    if (Body === undefined) throw new Error('a GetObject answer without a body');
    const timer = setTimeout(() => stalled.abort(), callTimeMs(ContentLength, bodyTimeoutMs));
    try {
      return await Body.transformToByteArray();
    } catch (error) {
      if (reads === maxReads || options.abortSignal?.aborted === true) throw error;
    } finally {
      clearTimeout(timer);
    }
  }
};
