import { close, closeSync, open, openSync, rmSync, writeSync, writev } from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const writeBatchBytes = 512 * 1024;

const openFile = promisify(open);
const closeFile = promisify(close);
const writeChunks = promisify(writev);

/** Bytes on their way to a record. End it with `settle` and `seal`, or with `discard`. */
export interface Staged {
  readonly sizeBytes: number;
  /** Take a chunk; the caller must not change it afterwards. */
  append(chunk: Uint8Array): Promise<void>;
  /** Wait until nothing is under way: `seal` can then do without waiting. */
  settle(): Promise<void>;
  /** Write what is left and this trailer behind it, close the file and return its path. Synchronous. */
  seal(trailer: Uint8Array): string;
  /** Forget the bytes. */
  discard(): Promise<void>;
}

/**
 * Bytes on their way to a record, in a temporary file. Creating a file can take longer than all the rest of a
 * small request, so it starts at once, off the event loop, while the body arrives. Less than a batch is written
 * in one go when it is sealed; of a longer body at most one batch is being written while the next arrives, so
 * that a body of any length takes about a megabyte.
 */
export class StagedBody implements Staged {
  readonly #path: string;
  #chunks: Uint8Array[] = [];
  #bufferedBytes = 0;
  #fd: number | undefined;
  #working: Promise<void>;
  #sizeBytes = 0;

  /** `isThere`: the path is an empty file already. */
  constructor(path: string, isThere: boolean) {
    this.#path = path;
    this.#working = isThere ? this.#openAtOnce() : this.#create();
    // A failure is met by the next await; this keeps it from counting as unhandled until then.
    this.#working.catch(() => undefined);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.byteLength;
    this.#sizeBytes += chunk.byteLength;
    if (this.#bufferedBytes < writeBatchBytes) return;
    await this.#working;
    this.#working = this.#flush();
    this.#working.catch(() => undefined);
  }

  async settle(): Promise<void> {
    await this.#working;
  }

  seal(trailer: Uint8Array): string {
    const fd = this.#fd;
    if (fd === undefined) throw new TypeError('seal comes after settle, and once');
    this.#fd = undefined;
    writeAndClose(this.#path, fd, [...this.#chunks, trailer]);
    return this.#path;
  }

  async discard(): Promise<void> {
    await this.#working.catch(() => undefined);
    this.#chunks = [];
    if (this.#fd === undefined) return;
    await closeFile(this.#fd);
    this.#fd = undefined;
    await rm(this.#path, { force: true });
  }

  async #create(): Promise<void> {
    this.#fd = await openFile(this.#path, 'wx');
  }

  /** What is there already opens in no time: a way through the thread pool would take longer. */
  async #openAtOnce(): Promise<void> {
    this.#fd = openSync(this.#path, 'r+');
  }

  async #flush(): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) throw new TypeError('append comes before seal and discard');
    const chunks = this.#chunks;
    const batchBytes = this.#bufferedBytes;
    this.#chunks = [];
    this.#bufferedBytes = 0;
    const { bytesWritten } = await writeChunks(fd, chunks);
    // Short writes hardly ever happen to files: the plain way is good enough for them.
    if (bytesWritten < batchBytes) writeFully(fd, Buffer.concat(chunks).subarray(bytesWritten));
  }
}

/** Bytes that are only counted: the record is written without its body. */
export class CountedBody implements Staged {
  readonly #path: string;
  readonly #isThere: boolean;
  sizeBytes = 0;

  /** `isThere`: the path is an empty file already. */
  constructor(path: string, isThere: boolean) {
    this.#path = path;
    this.#isThere = isThere;
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.sizeBytes += chunk.byteLength;
  }

  async settle(): Promise<void> {}

  seal(trailer: Uint8Array): string {
    writeTemporary(this.#path, this.#isThere, trailer);
    return this.#path;
  }

  async discard(): Promise<void> {
    if (this.#isThere) await rm(this.#path, { force: true });
  }
}

/** Write a temporary file in one go. Synchronous. */
export function writeTemporary(path: string, isThere: boolean, bytes: Uint8Array): void {
  writeAndClose(path, openSync(path, isThere ? 'r+' : 'wx'), [bytes]);
}

/** A file that could not be written whole is removed again. */
function writeAndClose(path: string, fd: number, chunks: readonly Uint8Array[]): void {
  try {
    for (const chunk of chunks) writeFully(fd, chunk);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

function writeFully(fd: number, bytes: Uint8Array): void {
  for (let doneBytes = 0; doneBytes < bytes.byteLength; ) {
    doneBytes += writeSync(fd, bytes, doneBytes, bytes.byteLength - doneBytes);
  }
}
