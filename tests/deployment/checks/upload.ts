import {
  BitsUpload,
  type Source,
  type UploadResult,
  withoutBraces,
} from '../../support/bits-client/index.ts';
import type { Subject } from '../check.ts';

/** A fault of the network is tried again, but not for ten minutes: somebody waits for the answer. */
const retryDelayMs = 2_000;
const giveUpAfterMs = 60_000;

/**
 * Uploads as Windows would; resolves with the session's id as the table and the logs have it. Rejects with BitsJobError when
 * the job ends in an error.
 */
export const upload = async (
  { credentials }: Pick<Subject, 'credentials'>,
  url: URL,
  source: Source,
  fragmentSizeBytes = 1_000_000,
): Promise<UploadResult> => {
  const result = await new BitsUpload({
    url,
    source,
    fragmentSizeBytes,
    retryDelayMs,
    noProgressTimeoutMs: giveUpAfterMs,
    ...(credentials === undefined ? {} : { credentials }),
  }).run();
  return { ...result, sessionId: withoutBraces(result.sessionId) };
};
