import { closeSync, read } from 'node:fs';
import { promisify } from 'node:util';
import type { Catalog } from './catalog.ts';
import type { ObjectEntry } from './model.ts';
import { readFully } from './record-files.ts';

/** Up to here an answer is read at once; above, as it is consumed. */
const maxMemoryBytes = 1024 * 1024;
const readBytes = 256 * 1024;

const readFile = promisify(read);

interface Slice {
  readonly file: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Bytes `start` up to, not including, `end` of an object, as it is now: later changes do not touch what is read. */
export function readObject(
  catalog: Catalog,
  object: ObjectEntry,
  start: number,
  end: number,
): Uint8Array | AsyncIterable<Uint8Array> {
  const slices = slicesOf(object, start, end);
  if (end - start > maxMemoryBytes) return new DataStream(catalog, object, slices);
  const bytes = Buffer.allocUnsafe(end - start);
  let doneBytes = 0;
  for (const { file, offsetBytes, lengthBytes } of slices) {
    const fd = catalog.files.openForReading(file);
    try {
      readFully(fd, bytes.subarray(doneBytes, doneBytes + lengthBytes), offsetBytes);
    } finally {
      closeSync(fd);
    }
    doneBytes += lengthBytes;
  }
  return bytes;
}

function slicesOf(object: ObjectEntry, start: number, end: number): Slice[] {
  const pieces = object.record.upload?.parts ?? [{ file: object.file, sizeBytes: object.record.sizeBytes }];
  let pieceStart = 0;
  return pieces.flatMap(({ file, sizeBytes }) => {
    const from = Math.max(start, pieceStart);
    const to = Math.min(end, pieceStart + sizeBytes);
    const slice = { file, offsetBytes: from - pieceStart, lengthBytes: to - from };
    pieceStart += sizeBytes;
    return to > from ? [slice] : [];
  });
}

/**
 * The bytes of slices, a quarter of a megabyte at a time. A class and not a generator: a generator that was
 * never started runs no `finally`, and a consumer may well give up before the first byte.
 */
class DataStream implements AsyncIterableIterator<Uint8Array> {
  readonly #catalog: Catalog;
  readonly #release: () => void;
  readonly #slices: Slice[];
  #open: { readonly fd: number; position: number; remainingBytes: number } | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #isDone = false;

  constructor(catalog: Catalog, object: ObjectEntry, slices: Slice[]) {
    this.#catalog = catalog;
    this.#slices = slices;
    // The record itself may be unlinked before the first read: what is open stays readable.
    this.#advance();
    this.#release = catalog.retain(object);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const result = this.#next();
    this.#reading = result.catch(() => undefined);
    return result;
  }

  /** End early, after the read under way: a descriptor must not be closed, and given away anew, beneath it. */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#reading;
    return this.#end();
  }

  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const open = this.#open;
    if (open === undefined) return this.#end();
    const bytes = Buffer.allocUnsafe(Math.min(readBytes, open.remainingBytes));
    try {
      const { bytesRead } = await readFile(open.fd, bytes, 0, bytes.byteLength, open.position);
      if (bytesRead === 0) throw new RangeError('A file of an object ends early.');
      open.position += bytesRead;
      open.remainingBytes -= bytesRead;
      if (open.remainingBytes === 0) this.#advance();
      return { done: false, value: bytes.subarray(0, bytesRead) };
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  #end(): IteratorResult<Uint8Array, undefined> {
    if (!this.#isDone) {
      this.#isDone = true;
      this.#close();
      this.#release();
    }
    return { done: true, value: undefined };
  }

  #advance(): void {
    this.#close();
    const slice = this.#slices.shift();
    if (slice === undefined) return;
    const fd = this.#catalog.files.openForReading(slice.file);
    this.#open = { fd, position: slice.offsetBytes, remainingBytes: slice.lengthBytes };
  }

  #close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }
}
