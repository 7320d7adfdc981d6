import { createHash } from 'node:crypto';

/** Of the nine bytes "123456789": the check values that each algorithm is known by. */
export const digits = Buffer.from('123456789');
export const known = {
  CRC32: Buffer.from('cbf43926', 'hex').toString('base64'),
  CRC32C: Buffer.from('e3069283', 'hex').toString('base64'),
  CRC64NVME: Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
  SHA1: createHash('sha1').update(digits).digest('base64'),
  SHA256: createHash('sha256').update(digits).digest('base64'),
} as const;
export type Algorithm = keyof typeof known;
export const algorithms: readonly Algorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'];
export const wrong: Readonly<Record<Algorithm, string>> = {
  CRC32: 'AAAAAA==',
  CRC32C: 'AAAAAA==',
  CRC64NVME: 'AAAAAAAAAAA=',
  SHA1: createHash('sha1').digest('base64'),
  SHA256: createHash('sha256').digest('base64'),
};
export const field = (algorithm: Algorithm) => `Checksum${algorithm}` as const;
export const header = (algorithm: Algorithm) => `x-amz-checksum-${algorithm.toLowerCase()}`;
