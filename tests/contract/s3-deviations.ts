import type { Deviations } from './deviations.ts';

export interface S3Server {
  /** Whether the store may rely on object checksums there, as S3_OBJECT_CHECKSUMS says it to the functions. */
  readonly objectChecksums: boolean;
  readonly deviations: Deviations;
}

/** Servers by the name in S3_TEST_SERVER. No name: S3 itself, which keeps every promise. */
const servers: Readonly<Record<string, S3Server>> = {
  '': { objectChecksums: true, deviations: {} },
  moto: {
    objectChecksums: true,
    deviations: {
      'another checksum of the whole is a mismatch, and nothing appears':
        'it does not verify the checksum of an object',
      'another size of the whole is a mismatch, and nothing appears': 'it ignores MpuObjectSize',
      'an upload that was completed is no upload any more':
        'it answers 500 to an UploadPart of an unknown upload',
      'an upload that was aborted is no upload any more, and aborting it again is no error':
        'it answers 500 to an UploadPart of an unknown upload',
    },
  },
};

/**
 * What is known of a server.
 * @throws Error for a name that is not in the list
 */
export const s3ServerDeviations = (name: string): S3Server => {
  const server = servers[name];
  if (server === undefined) {
    throw new Error(`S3_TEST_SERVER is ${name}, and only ${Object.keys(servers).join(', ')} are known`);
  }
  return server;
};
