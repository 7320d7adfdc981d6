import { bufferSource } from '../support/bits-client/index.ts';
import { fileUrl, type Subject } from './check.ts';
import { upload } from './checks/upload.ts';

/**
 * Deletes what a run has uploaded: everything with its name, where the destination keeps names as they are. Resolves with
 * what a person has to know when that could not be done.
 */
export const removeUploads = async (subject: Subject): Promise<string | undefined> => {
  const { runId, stores } = subject;
  try {
    const url = fileUrl(subject, 'last');
    const { sessionId } = await upload(subject, url, bufferSource(Buffer.from('last')));
    const { bucket, key } = await stores.placeOf(sessionId);
    const name = url.pathname.split('/').at(-1) ?? '';
    if (!key.endsWith(name)) return `objects of this run stay in ${bucket}: its key template renames them`;
    const folder = key.slice(0, -name.length);
    for (const kind of ['deployment-check', 'conformance'])
      await stores.remove({ bucket, key: `${folder}${kind}-${runId}-` });
    return undefined;
  } catch (error) {
    return `objects with ${runId} in their names stay: ${error instanceof Error ? error.message : String(error)}`;
  }
};
