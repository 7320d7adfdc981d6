import { type OperationName, operationNames } from './operations/table.ts';

/** What one operation was asked to do since the counters were last reset. */
export interface OperationStats {
  /** Requests whose signature held, retries and refused ones included. */
  readonly requests: number;
  /** Of those, answered with 400 and above, or not at all. */
  readonly failures: number;
  /** Object and part bytes stored. */
  readonly bytesWritten: number;
  /** Object bytes answered. */
  readonly bytesRead: number;
}

export type S3Stats = Readonly<Record<OperationName, OperationStats>>;

const zero: OperationStats = { requests: 0, failures: 0, bytesWritten: 0, bytesRead: 0 };

/** Counters by operation. */
export class Counters {
  readonly #byName = new Map<OperationName, OperationStats>();

  add(name: OperationName, change: Partial<OperationStats>): void {
    const counted = this.#byName.get(name) ?? zero;
    this.#byName.set(name, {
      requests: counted.requests + (change.requests ?? 0),
      failures: counted.failures + (change.failures ?? 0),
      bytesWritten: counted.bytesWritten + (change.bytesWritten ?? 0),
      bytesRead: counted.bytesRead + (change.bytesRead ?? 0),
    });
  }

  /** All operations, those never asked for with zeros. */
  read(): S3Stats {
    const all = Object.fromEntries(operationNames.map((name) => [name, this.#byName.get(name) ?? zero]));
    if (!namesAll(all)) throw new TypeError('unreachable: the entries are made of the names');
    return all;
  }

  reset(): void {
    this.#byName.clear();
  }
}

function namesAll<T>(record: Readonly<Record<string, T>>): record is Readonly<Record<OperationName, T>> {
  return operationNames.every((name) => Object.hasOwn(record, name));
}
