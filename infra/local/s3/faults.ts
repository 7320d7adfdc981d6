import { ConnectionLostError } from './errors.ts';
import type { S3Response } from './http.ts';
import type { OperationName } from './operations/table.ts';

/** A request about to be carried out, for the hook to judge. */
export interface FaultTarget {
  readonly name: OperationName;
  /** "" for ListBuckets. */
  readonly bucket: string;
  /** "" for operations on a bucket. */
  readonly key: string;
  readonly uploadId: string | undefined;
  readonly partNumber: number | undefined;
  /** The body's length as announced, transfer coding included; 0 without a body. */
  readonly contentLengthBytes: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * What happens to a request.
 * - `proceed`: nothing special.
 * - `delay`: it is carried out, that many milliseconds later.
 * - `answer`: it is not carried out; this status and error code are the answer (also 200, as S3 does when a
 *   Complete fails late).
 * - `answer-after`: it is carried out, and then this is the answer.
 * - `reset`: it is not carried out, the connection breaks.
 * - `reset-after`: it is carried out, the connection breaks in place of the answer.
 * - `cut-answer`: it is carried out; the answer's body breaks off after so many bytes.
 */
export type FaultAction =
  | { readonly kind: 'proceed' }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | {
      readonly kind: 'answer' | 'answer-after';
      readonly status: number;
      readonly code: string;
      readonly message?: string;
    }
  | { readonly kind: 'reset' | 'reset-after' }
  | { readonly kind: 'cut-answer'; readonly afterBytes: number };

/** Called once for every request whose signature holds, before its body is read. A retry is a request too. */
export type FaultHook = (target: FaultTarget) => FaultAction | Promise<FaultAction>;

/** The error that a broken connection shows in the process. */
export function connectionReset(): ConnectionLostError {
  return new ConnectionLostError('The connection was reset, as the fault hook asked.');
}

/** The same answer, its body breaking off after so many bytes. */
export function cutAnswer(response: S3Response, afterBytes: number): S3Response {
  return { ...response, body: cut(response.body, afterBytes) };
}

async function* cut(body: S3Response['body'], afterBytes: number): AsyncGenerator<Uint8Array> {
  let remainingBytes = afterBytes;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    if (chunk.byteLength >= remainingBytes) {
      yield chunk.subarray(0, remainingBytes);
      throw connectionReset();
    }
    remainingBytes -= chunk.byteLength;
    yield chunk;
  }
}
