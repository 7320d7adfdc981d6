import { createHash } from 'node:crypto';

/** Bytes that look random and are the same for the same seed: part n of a file is not part m of another. */
export function patternedBytes(sizeBytes: number, seed: number): Buffer {
  const block = createHash('sha512').update(`seed ${seed}`).digest();
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += block.byteLength) {
    block.writeUInt32BE(at % 2 ** 32);
    block.copy(bytes, at);
  }
  return bytes;
}

/** Hex, as in an ETag. */
export function md5Hex(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** An SDK answer's body. */
export async function bytesOf(answer: {
  Body?: { transformToByteArray(): Promise<Uint8Array> } | undefined;
}): Promise<Buffer> {
  return Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
}
