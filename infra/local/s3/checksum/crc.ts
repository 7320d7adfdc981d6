import { crc32 } from 'node:zlib';

/** A running cyclic redundancy check. `digest` gives the big-endian bytes, as S3's headers carry them. */
export interface RunningCrc {
  update(chunk: Uint8Array): void;
  digest(): Buffer;
}

/** The polynomials in reflected form (lowest bit = highest power), as their checks run. */
export const reflectedPolynomials = {
  CRC32: { width: 32n, polynomial: 0xedb88320n },
  CRC32C: { width: 32n, polynomial: 0x82f63b78n },
  CRC64NVME: { width: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
} as const;

/** CRC-32 as in zip and Ethernet; native code. */
export function runningCrc32(): RunningCrc {
  let value = 0;
  return {
    update: (chunk) => {
      value = crc32(chunk, value);
    },
    digest: () => bigEndian32(value),
  };
}

/** CRC-32C (Castagnoli), by table. */
export function runningCrc32c(): RunningCrc {
  const table = crc32cTable();
  let value = 0xffffffff;
  return {
    update: (chunk) => {
      let crc = value;
      for (const byte of chunk) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
      value = crc;
    },
    digest: () => bigEndian32(~value >>> 0),
  };
}

/** CRC-64/NVME, by two tables of 32 bits: BigInt would be a hundred times slower. */
export function runningCrc64Nvme(): RunningCrc {
  const { high, low } = crc64Tables();
  let valueHigh = 0xffffffff;
  let valueLow = 0xffffffff;
  return {
    update: (chunk) => {
      let [h, l] = [valueHigh, valueLow];
      for (const byte of chunk) {
        const index = (l ^ byte) & 0xff;
        l = ((l >>> 8) | (h << 24)) ^ (low[index] ?? 0);
        h = (h >>> 8) ^ (high[index] ?? 0);
      }
      [valueHigh, valueLow] = [h, l];
    },
    digest: () => Buffer.concat([bigEndian32(~valueHigh >>> 0), bigEndian32(~valueLow >>> 0)]),
  };
}

const crc32cTable = once(() =>
  Uint32Array.from(tableEntries(reflectedPolynomials.CRC32C.polynomial), Number),
);

const crc64Tables = once(() => {
  const entries = tableEntries(reflectedPolynomials.CRC64NVME.polynomial);
  return {
    high: Uint32Array.from(entries, (entry) => Number(entry >> 32n)),
    low: Uint32Array.from(entries, (entry) => Number(entry & 0xffffffffn)),
  };
});

/** Entry i: the check's register after the byte i has gone through an empty one. */
function tableEntries(polynomial: bigint): bigint[] {
  return Array.from({ length: 256 }, (_, byte) => {
    let register = BigInt(byte);
    for (let bit = 0; bit < 8; bit++)
      register = register & 1n ? (register >> 1n) ^ polynomial : register >> 1n;
    return register;
  });
}

function bigEndian32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
