import type { Deviations } from './deviations.ts';

export interface S3Server {
  /** Whether the store may rely on object checksums there, as S3_OBJECT_CHECKSUMS says it to the functions. */
  readonly objectChecksums: boolean;
  /** Whether DeleteObjects needs Content-MD5 there, as S3_CONTENT_MD5 says it to the functions. */
  readonly contentMd5: boolean;
  /** From the contract of object stores. */
  readonly deviations: Deviations;
  /** From the contract of object inventories. */
  readonly inventoryDeviations?: Deviations;
}

const repeatedComplete = 'a repeated Complete answers 200, not 404';

/** Servers by the name in S3_TEST_SERVER. No name: S3 itself, which keeps every promise. */
const servers: Readonly<Record<string, S3Server>> = {
  '': { objectChecksums: true, contentMd5: false, deviations: {} },
  // Ceph Object Gateway 16.2
  ceph: {
    objectChecksums: false,
    contentMd5: false,
    deviations: {
      'another checksum of the whole is a mismatch, and nothing appears': 'it has no checksums of objects',
      'another size of the whole is a mismatch, and nothing appears': 'it ignores MpuObjectSize',
      'onlyIfAbsent: an object that is there stays, and so does the upload':
        'it ignores If-None-Match on Complete',
      'an upload that was completed is no upload any more': repeatedComplete,
      'an upload that was aborted is no upload any more, and aborting it again is no error':
        'it answers 500 to a Complete of an upload that was aborted',
    },
  },
  // OpenStack Swift 2.30
  swift: {
    objectChecksums: false,
    contentMd5: true,
    deviations: {
      'another checksum of the whole is a mismatch, and nothing appears': 'it has no checksums of objects',
      'another size of the whole is a mismatch, and nothing appears': 'it ignores MpuObjectSize',
      'onlyIfAbsent: an object that is there stays, and so does the upload':
        'it answers 412 with the code InvalidRequest: refused, but not in the words of S3',
      'an upload that was completed is no upload any more': repeatedComplete,
      'any key, any name, any principal: longlonglonglonglonglonglonglonglonglong':
        'the metadata of an object is at most 256 bytes a value',
      'a name of half a character, of line ends, of 4,096 bytes does not stop an upload':
        'the metadata of an object is at most 256 bytes a value',
    },
  },
  moto: {
    objectChecksums: true,
    contentMd5: false,
    deviations: {
      'another checksum of the whole is a mismatch, and nothing appears':
        'it does not verify the checksum of an object',
      'another size of the whole is a mismatch, and nothing appears': 'it ignores MpuObjectSize',
      'an upload that was completed is no upload any more':
        'it answers 500 to an UploadPart of an unknown upload',
      'an upload that was aborted is no upload any more, and aborting it again is no error':
        'it answers 500 to an UploadPart of an unknown upload',
      'nothing is copied from nowhere, or to no upload, and nothing read from nowhere':
        'it answers 500 to an UploadPartCopy of an unknown upload',
    },
    inventoryDeviations: {
      'every open upload of the bucket once, over pages, with the time it was begun; those of no other':
        'every upload was begun in 2010',
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
