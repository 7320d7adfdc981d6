import type { Deviations } from './deviations.ts';

export interface S3Server {
  /** Whether the store may rely on object checksums there, as S3_OBJECT_CHECKSUMS says it to the functions. */
  readonly objectChecksums: boolean;
  readonly deviations: Deviations;
}

/** Servers by the name in S3_TEST_SERVER. No name: S3 itself, which keeps every promise. */
const servers: Readonly<Record<string, S3Server>> = {
  '': { objectChecksums: true, deviations: {} },
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
