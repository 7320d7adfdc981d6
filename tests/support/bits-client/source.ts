import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { jobError } from './job-error.ts';

/** The entity to upload, read piece by piece so that its size does not matter to memory. */
export interface Source {
  readonly sizeBytes: number;
  /** Exactly `lengthBytes` bytes from `offset`; the caller stays within the size. */
  read(offset: number, lengthBytes: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A source over bytes that are already in memory. */
export function bufferSource(bytes: Uint8Array): Source {
  return {
    sizeBytes: bytes.length,
    read: async (offset, lengthBytes) => bytes.subarray(offset, offset + lengthBytes),
    close: async () => undefined,
  };
}

const GENERATED_BLOCK_BYTES = 64 * 1024;

/**
 * A source of reproducible, incompressible-looking bytes: byte k depends on `seed` and k alone, so any range can be
 * read in any order and gigabytes need no memory.
 */
export function generatedSource(sizeBytes: number, seed = 'bits'): Source {
  const block = Buffer.alloc(GENERATED_BLOCK_BYTES);
  for (let at = 0; at < block.length; at += 32) {
    createHash('sha256').update(`${seed}:${at}`).digest().copy(block, at);
  }
  const read = async (offset: number, lengthBytes: number) => {
    const bytes = Buffer.alloc(lengthBytes);
    for (let at = 0; at < lengthBytes; ) {
      const position = offset + at;
      at += block.copy(bytes, at, position % block.length, block.length);
    }
    // The block repeats; its number, mixed into one byte in 64, makes every block differ from the one before.
    const firstMarked = Math.ceil(offset / 64) * 64;
    for (let position = firstMarked; position < offset + lengthBytes; position += 64) {
      bytes[position - offset] = Math.floor(position / block.length) & 0xff;
    }
    return bytes;
  };
  return { sizeBytes, read, close: async () => undefined };
}

/**
 * A source over a file. A change of its size or time while it is being uploaded fails the job with
 * BG_E_LOCAL_FILE_CHANGED, as Windows does. Rejects with the system's error when the file cannot be opened.
 */
export async function fileSource(path: string): Promise<Source> {
  const file = await open(path, 'r');
  try {
    const before = await file.stat();
    if (!before.isFile()) throw Object.assign(new Error(`${path} is not a file`), { code: 'EISDIR' });
    return {
      sizeBytes: before.size,
      read: async (offset, lengthBytes) => {
        const now = await file.stat();
        if (now.size !== before.size || now.mtimeMs !== before.mtimeMs) {
          throw jobError('BG_E_LOCAL_FILE_CHANGED', 'local-file', `${path} changed during the upload`);
        }
        return readFully(file, offset, lengthBytes);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readFully(file: FileHandle, offset: number, lengthBytes: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(lengthBytes);
  for (let at = 0; at < lengthBytes; ) {
    const { bytesRead } = await file.read(bytes, at, lengthBytes - at, offset + at);
    if (bytesRead === 0) throw jobError('BG_E_LOCAL_FILE_CHANGED', 'local-file', 'the file became shorter');
    at += bytesRead;
  }
  return bytes;
}
