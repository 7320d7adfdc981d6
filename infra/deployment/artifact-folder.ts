/**
 * A package that is only looked at lies in this folder of the deployment bucket, so that the same input gives the same
 * template. Deployed, it would overwrite the package before it and the functions would keep their old code.
 */
const lookingAtMs = Date.UTC(1980, 0, 1);

export class ArtifactFolderError extends Error {
  override readonly name = 'ArtifactFolderError';
  readonly code = 'NOT_AN_EPOCH';
}

/**
 * The folder that a package is deployed from, in the form that the deployment tool sorts and rolls back by. The time is
 * `SOURCE_DATE_EPOCH` (seconds), as reproducible builds have it, or one that stands for "never deployed".
 * @throws ArtifactFolderError
 */
export const artifactFolder = (prefix: string, sourceDateEpoch: string | undefined): string => {
  if (sourceDateEpoch === undefined) return `${prefix}/${folderName(lookingAtMs)}`;
  if (!/^\d{1,11}$/.test(sourceDateEpoch)) {
    throw new ArtifactFolderError(
      `SOURCE_DATE_EPOCH must be whole seconds, not ${JSON.stringify(sourceDateEpoch)}`,
    );
  }
  return `${prefix}/${folderName(Number(sourceDateEpoch) * 1000)}`;
};

export const isForLookingAt = (template: string): boolean => template.includes(folderName(lookingAtMs));

const folderName = (epochMs: number): string => `${epochMs}-${new Date(epochMs).toISOString()}`;
