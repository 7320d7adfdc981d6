import { S3ServiceException } from '@aws-sdk/client-s3';
import { type CompletionAnswer, ObjectStoreError } from './object-store.ts';

/** What S3 says when the thing is not there. An absent bucket is a fault of ours, not an answer about a key. */
const missingCodes = new Set(['NoSuchKey', 'NoSuchUpload', 'NotFound']);

/** Whether S3 answered that the object or the upload does not exist. */
export const saysMissing = (error: unknown): boolean =>
  error instanceof S3ServiceException && missingCodes.has(error.name);

/** Rethrows an error of a call as an ObjectStoreError: `code` where S3 says that the thing is missing. */
export const asStoreError =
  (call: string, missing: 'NO_SUCH_PIECE' | 'NO_SUCH_UPLOAD' | 'UNAVAILABLE' = 'UNAVAILABLE') =>
  (cause: unknown): never => {
    const code = saysMissing(cause) ? missing : 'UNAVAILABLE';
    throw new ObjectStoreError(code, `S3 did not do ${call}: ${nameOf(cause)}`, { cause });
  };

const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : 'unknown');

/** The answer to a Complete that failed, or `undefined` if nothing can be concluded from it. */
export const completionAnswerOf = (error: unknown): CompletionAnswer | undefined => {
  if (!(error instanceof S3ServiceException)) return undefined;
  if (saysMissing(error)) return 'no-such-upload';
  switch (error.name) {
    case 'PreconditionFailed':
      return 'taken';
    case 'ConditionalRequestConflict':
    case 'OperationAborted':
      return 'conflict';
    case 'InvalidPart':
      return 'invalid-part';
    case 'BadDigest':
    case 'EntityTooSmall':
    case 'InvalidPartOrder':
      return 'mismatch';
    case 'InvalidRequest':
      // Has many causes; the one that speaks of our object is a size other than MpuObjectSize.
      return /mp-object-size/i.test(error.message) ? 'mismatch' : undefined;
    default:
      return undefined;
  }
};
