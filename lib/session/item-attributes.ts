import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { StoreError } from './store.ts';

export type Item = Record<string, AttributeValue>;

export const number = (value: number): AttributeValue => ({ N: value.toString(10) });

/** What is off is left out. */
export const flag = (name: string, isSet: boolean): Item => (isSet ? { [name]: { BOOL: true } } : {});

/** Reads attributes by type; anything unexpected is a corrupt item, named by its attribute. */
export class ItemReader {
  readonly #item: Item;

  constructor(item: Item) {
    this.#item = item;
  }

  has(name: string): boolean {
    return this.#item[name] !== undefined;
  }

  string(name: string): string {
    return this.optionalString(name) ?? this.#fail(name);
  }

  optionalString(name: string): string | undefined {
    return this.has(name) ? (this.#item[name]?.S ?? this.#fail(name)) : undefined;
  }

  number(name: string): number {
    const text = this.#item[name]?.N ?? '';
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(value) ? value : this.#fail(name);
  }

  /** What is off is not there. */
  flag(name: string): boolean {
    return this.has(name) && (this.#item[name]?.BOOL ?? this.#fail(name));
  }

  binary(name: string): Uint8Array {
    return this.#item[name]?.B ?? this.#fail(name);
  }

  hex(name: string, lengthBytes: number): string {
    const bytes = this.binary(name);
    return bytes.byteLength === lengthBytes ? Buffer.from(bytes).toString('hex') : this.#fail(name);
  }

  oneOf<const T extends string>(name: string, values: readonly T[]): T {
    const value = this.optionalString(name);
    return values.find((known) => known === value) ?? this.#fail(name);
  }

  corrupt(name: string): StoreError {
    return new StoreError('CORRUPT', `the session item has no valid attribute ${name}`);
  }

  #fail(name: string): never {
    throw this.corrupt(name);
  }
}
