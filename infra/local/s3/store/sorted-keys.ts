/** Compare as S3 lists: by UTF-8 bytes. JavaScript's own order differs above U+D7FF. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return codePointOrder(left) - codePointOrder(right);
  }
  return a.length - b.length;
}

/** Move surrogates, which stand for U+10000 and above, behind all other units. */
function codePointOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** A set of keys in listing order. Changes cost a search and a move of memory; nothing is sorted anew. */
export class SortedKeys {
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  add(key: string): void {
    const index = this.firstAtOrAfter(key);
    if (this.#keys[index] !== key) this.#keys.splice(index, 0, key);
  }

  delete(key: string): void {
    const index = this.firstAtOrAfter(key);
    if (this.#keys[index] === key) this.#keys.splice(index, 1);
  }

  at(index: number): string | undefined {
    return this.#keys[index];
  }

  /** The index of the first key that is not before this one. */
  firstAtOrAfter(key: string): number {
    return this.#search(0, (other) => compareKeys(other, key) >= 0);
  }

  /** The index of the first key after this one. */
  firstAfter(key: string): number {
    return this.#search(0, (other) => compareKeys(other, key) > 0);
  }

  /** From an index whose key starts with the prefix: the index of the first key that does not. */
  endOfPrefix(from: number, prefix: string): number {
    return this.#search(from, (other) => !other.startsWith(prefix));
  }

  /** The first index from there on whose key passes; keys that pass stand behind keys that do not. */
  #search(from: number, passes: (key: string) => boolean): number {
    let low = from;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const key = this.#keys[middle];
      if (key !== undefined && passes(key)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
