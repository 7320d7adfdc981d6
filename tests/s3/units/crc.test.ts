import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumOfParts, startChecksum } from '../../../infra/local/s3/checksum/algorithms.ts';
import { combineCrcs } from '../../../infra/local/s3/checksum/crc-combine.ts';

const algorithms = ['CRC32', 'CRC32C', 'CRC64NVME'] as const;

function crcOf(algorithm: (typeof algorithms)[number], bytes: Uint8Array): Buffer {
  const running = startChecksum(algorithm);
  running.update(bytes);
  return running.digest();
}

describe('each algorithm', () => {
  it.each([
    ['CRC32', '', '00000000'],
    ['CRC32', '123456789', 'cbf43926'],
    ['CRC32C', '', '00000000'],
    ['CRC32C', '123456789', 'e3069283'],
    ['CRC64NVME', '', '0000000000000000'],
    ['CRC64NVME', '123456789', 'ae8b14860a799888'],
  ] as const)('%s of %j is %s', (algorithm, text, hex) => {
    expect(crcOf(algorithm, Buffer.from(text)).toString('hex')).toBe(hex);
  });

  it('of 32 zeros and 32 ones CRC32C is as RFC 3720 gives it (there with the bytes in reverse)', () => {
    expect(crcOf('CRC32C', Buffer.alloc(32)).toString('hex')).toBe('8a9136aa');
    expect(crcOf('CRC32C', Buffer.alloc(32, 0xff)).toString('hex')).toBe('62a8ab43');
  });

  it.each(algorithms)('%s does not depend on how the bytes are cut', (algorithm) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const running = startChecksum(algorithm);
        for (const chunk of chunks) running.update(chunk);
        expect(running.digest()).toEqual(crcOf(algorithm, Buffer.concat(chunks)));
      }),
    );
  });
});

describe('combining', () => {
  it.each(algorithms)('%s of pieces gives the value of the whole', (algorithm) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 2000 }), { minLength: 1 }), (chunks) => {
        const pieces = chunks.map((chunk) => ({ crc: crcOf(algorithm, chunk), sizeBytes: chunk.byteLength }));
        expect(combineCrcs(algorithm, pieces)).toEqual(crcOf(algorithm, Buffer.concat(chunks)));
      }),
    );
  });

  it('spans lengths beyond 32 bits: 5 GiB of zeros behind one byte, and 5 GiB more', () => {
    const zeros = Buffer.alloc(1024 * 1024);
    let crc = 0;
    for (let mebibyte = 0; mebibyte < 64; mebibyte++) crc = crc32(zeros, crc);
    const piece = { crc: Buffer.alloc(4), sizeBytes: 64 * 1024 * 1024 };
    piece.crc.writeUInt32BE(crc);
    const first = { crc: crcOf('CRC32', Buffer.from('x')), sizeBytes: 1 };
    // Eighty pieces of 64 MiB laid end to end are one piece of 5 GiB.
    const eighty = Array.from({ length: 80 }, () => piece);
    const joined = { crc: combineCrcs('CRC32', eighty), sizeBytes: 5 * 1024 ** 3 };
    expect(combineCrcs('CRC32', [first, joined, joined])).toEqual(
      combineCrcs('CRC32', [first, ...eighty, ...eighty]),
    );
  });

  it('takes ten thousand parts', () => {
    const parts = Array.from({ length: 10_000 }, (_, index) => ({
      checksum: crcOf('CRC64NVME', Buffer.from([index & 0xff])).toString('base64'),
      sizeBytes: 1,
    }));
    const whole = Buffer.from(parts.map((_, index) => index & 0xff));
    expect(checksumOfParts('CRC64NVME', 'FULL_OBJECT', parts)).toBe(
      crcOf('CRC64NVME', whole).toString('base64'),
    );
  });
});
