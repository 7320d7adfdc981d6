import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
} from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DamagedRecordError } from '../errors.ts';
import { type StoredRecord, storedRecord } from './records.ts';
import { CountedBody, type Staged, StagedBody, writeTemporary } from './staged-body.ts';

const magic = Buffer.from('bits-s3\n');
const footerBytes = magic.byteLength + 4;
/** Creating a file is the dearest step of a small write, on some file systems by far: a few are kept for reuse. */
const maxSpares = 32;

/** A record found on disk. */
export interface FoundRecord {
  /** The file's name: unique, and later records sort behind earlier ones. */
  readonly file: string;
  readonly record: StoredRecord;
}

/**
 * A folder of immutable record files. A record is written beside the others and renamed into place, so it is
 * there whole or not at all: a process killed at any moment loses nothing that it had answered. Nothing is
 * flushed to the device; a power cut may cost what the operating system had not written yet.
 *
 * One process at a time per folder. Names carry a random piece, so that a second process started by mistake
 * would not overwrite the first one's records.
 */
export class RecordFiles {
  readonly #root: string;
  readonly #keepsBodies: boolean;
  readonly #instance = randomBytes(4).toString('hex');
  #lastSequence = 0;
  #lastTemporary = 0;
  /** Emptied files, in place of new ones. */
  readonly #spares: string[] = [];

  private constructor(root: string, keepsBodies: boolean) {
    this.#root = root;
    this.#keepsBodies = keepsBodies;
  }

  /**
   * Open or create the folder, and clear away what a killed process had half written. Without `keepsBodies` records to come
   * are written without what they describe: reading that fails.
   */
  static open(dataDir: string, { keepsBodies = true } = {}): RecordFiles {
    const files = new RecordFiles(dataDir, keepsBodies);
    rmSync(join(dataDir, 'tmp'), { recursive: true, force: true });
    mkdirSync(join(dataDir, 'tmp'), { recursive: true });
    mkdirSync(join(dataDir, 'records'), { recursive: true });
    return files;
  }

  /** All records, oldest first. Throws `DamagedRecordError`. */
  scan(): FoundRecord[] {
    const names = readdirSync(join(this.#root, 'records')).sort();
    this.#lastSequence = names.reduce((last, name) => Math.max(last, sequenceOf(name) ?? 0), 0);
    return names.map((file) => ({ file, record: this.#readRecord(this.path(file)) }));
  }

  /** A place for bytes to come; it must be sealed by `commit`, or discarded. */
  stage(): Staged {
    const { path, isThere } = this.#temporary();
    return this.#keepsBodies ? new StagedBody(path, isThere) : new CountedBody(path, isThere);
  }

  /**
   * Put a record into place, with the staged body in front of it, and return its file's name. Synchronous, so
   * that a caller's decision, this rename and the change of the index are one step that nothing comes between.
   */
  commit(record: StoredRecord, body?: Staged): string {
    const json = Buffer.from(JSON.stringify(record));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(json.byteLength);
    const trailer = Buffer.concat([json, length, magic]);
    const temporaryPath = body === undefined ? this.#writeTemporary(trailer) : body.seal(trailer);
    this.#lastSequence += 1;
    const file = `${this.#lastSequence.toString(36).padStart(9, '0')}-${this.#instance}`;
    try {
      renameSync(temporaryPath, this.path(file));
    } catch (error) {
      rmSync(temporaryPath, { force: true });
      throw error;
    }
    return file;
  }

  /** Remove a record at once. One that is gone already is no error. */
  remove(file: string): void {
    tolerateAbsence(() => unlinkSync(this.path(file)));
  }

  /** Remove a record at once, and keep its file, emptied, for another. Not for one that is still being read. */
  recycle(file: string): void {
    if (this.#spares.length >= maxSpares) {
      this.remove(file);
      return;
    }
    const path = this.#newPath();
    tolerateAbsence(() => {
      renameSync(this.path(file), path);
      truncateSync(path);
      this.#spares.push(path);
    });
  }

  /** Remove records that nothing refers to any more, off the event loop: freeing big files takes a while. */
  async removeAll(files: readonly string[]): Promise<void> {
    await Promise.all(files.map((file) => unlink(this.path(file)).catch(ignoreAbsent)));
  }

  /** Open a record's file for reading; its body starts at byte 0. The caller closes it. */
  openForReading(file: string): number {
    return openSync(this.path(file), 'r');
  }

  /** Where a record is. */
  path(file: string): string {
    return join(this.#root, 'records', file);
  }

  #temporary(): { readonly path: string; readonly isThere: boolean } {
    const spare = this.#spares.pop();
    return { path: spare ?? this.#newPath(), isThere: spare !== undefined };
  }

  #newPath(): string {
    this.#lastTemporary += 1;
    return join(this.#root, 'tmp', `${this.#lastTemporary}-${this.#instance}`);
  }

  #writeTemporary(bytes: Uint8Array): string {
    const { path, isThere } = this.#temporary();
    writeTemporary(path, isThere, bytes);
    return path;
  }

  #readRecord(path: string): StoredRecord {
    const fd = openSync(path, 'r');
    try {
      const footer = readEnd(fd, 0, footerBytes);
      if (!footer.subarray(4).equals(magic)) throw new RangeError('no footer');
      return storedRecord.parse(JSON.parse(readEnd(fd, footerBytes, footer.readUInt32BE(0)).toString()));
    } catch (cause) {
      throw new DamagedRecordError(path, cause);
    } finally {
      closeSync(fd);
    }
  }
}

/** `lengthBytes` that end `beforeEndBytes` before the end of the file. */
function readEnd(fd: number, beforeEndBytes: number, lengthBytes: number): Buffer {
  const position = fstatSync(fd).size - beforeEndBytes - lengthBytes;
  if (position < 0) throw new RangeError('too short');
  const bytes = Buffer.alloc(lengthBytes);
  readFully(fd, bytes, position);
  return bytes;
}

/** Fill the buffer from that position on; throws when the file ends before. */
export function readFully(fd: number, target: Uint8Array, position: number): void {
  let doneBytes = 0;
  while (doneBytes < target.byteLength) {
    const count = readSync(fd, target, doneBytes, target.byteLength - doneBytes, position + doneBytes);
    if (count === 0) throw new RangeError('The file ends early.');
    doneBytes += count;
  }
}

function sequenceOf(name: string): number | undefined {
  const sequence = Number.parseInt(name.slice(0, name.indexOf('-')), 36);
  return Number.isNaN(sequence) ? undefined : sequence;
}

function tolerateAbsence(step: () => void): void {
  try {
    step();
  } catch (error) {
    ignoreAbsent(error);
  }
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
