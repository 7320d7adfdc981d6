import { createHash } from 'node:crypto';
import { type RunningCrc, runningCrc32, runningCrc32c, runningCrc64Nvme } from './crc.ts';
import { combineCrcs } from './crc-combine.ts';

/** S3's names for the checksums that it keeps. */
export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** Over all bytes of an object, or over the checksums of its parts. */
export const checksumTypes = ['FULL_OBJECT', 'COMPOSITE'] as const;
export type ChecksumType = (typeof checksumTypes)[number];

interface AlgorithmRow {
  readonly sizeBytes: number;
  readonly start: () => RunningCrc;
  /** Of a multipart upload. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html */
  readonly types: readonly ChecksumType[];
}

const rows: Readonly<Record<ChecksumAlgorithm, AlgorithmRow>> = {
  CRC32: { sizeBytes: 4, start: runningCrc32, types: ['COMPOSITE', 'FULL_OBJECT'] },
  CRC32C: { sizeBytes: 4, start: runningCrc32c, types: ['COMPOSITE', 'FULL_OBJECT'] },
  CRC64NVME: { sizeBytes: 8, start: runningCrc64Nvme, types: ['FULL_OBJECT'] },
  SHA1: { sizeBytes: 20, start: () => runningHash('sha1'), types: ['COMPOSITE'] },
  SHA256: { sizeBytes: 32, start: () => runningHash('sha256'), types: ['COMPOSITE'] },
};

/** The algorithm of that name in any case, or `undefined`. */
export function checksumAlgorithm(name: string): ChecksumAlgorithm | undefined {
  return checksumAlgorithms.find((algorithm) => algorithm === name.toUpperCase());
}

/** The header that carries an algorithm's value: `x-amz-checksum-crc32`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** Start computing a checksum. */
export function startChecksum(algorithm: ChecksumAlgorithm): RunningCrc {
  return rows[algorithm].start();
}

/** Whether this is base64 of as many bytes as the algorithm gives. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, base64: string): boolean {
  return isBase64Of(base64, rows[algorithm].sizeBytes);
}

/** Whether this is base64, in its one canonical spelling, of that many bytes. */
export function isBase64Of(text: string, sizeBytes: number): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.byteLength === sizeBytes && bytes.toString('base64') === text;
}

/** The types that a multipart upload may ask for; the first is the default. */
export function checksumTypesOf(algorithm: ChecksumAlgorithm): readonly ChecksumType[] {
  return rows[algorithm].types;
}

/** The checksum of an object put together from parts, from the checksums of the parts, in S3's spelling. */
export function checksumOfParts(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly { readonly checksum: string; readonly sizeBytes: number }[],
): string {
  const pieces = parts.map(({ checksum, sizeBytes }) => ({
    crc: Buffer.from(checksum, 'base64'),
    sizeBytes,
  }));
  if (type === 'COMPOSITE') {
    const running = startChecksum(algorithm);
    for (const { crc } of pieces) running.update(crc);
    return `${running.digest().toString('base64')}-${parts.length}`;
  }
  if (algorithm === 'SHA1' || algorithm === 'SHA256')
    throw new TypeError(`${algorithm} has no full-object type`);
  return combineCrcs(algorithm, pieces).toString('base64');
}

function runningHash(name: 'sha1' | 'sha256'): RunningCrc {
  const hash = createHash(name);
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest() };
}
