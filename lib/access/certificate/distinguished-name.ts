/** One attribute of a name: its type as written, its value unescaped. */
export interface NameAttribute {
  readonly type: string;
  readonly value: string;
}

/** Reads a value up to the separator behind it: plain with escapes, in quotation marks, or `#` and hexadecimal digits. */
class NameReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The text that a pattern finds here, which must be anchored by `y`. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  value(): string | undefined {
    this.take(/ */y);
    if (this.take(/"/y) !== undefined) {
      const inner = this.#unescaped(/[^"\\]/y);
      const closed = this.take(/" */y) !== undefined;
      return closed ? inner : undefined;
    }
    // The encoding of a value that has no text form: kept as it is written.
    const encoded = this.take(/#(?:[\da-f]{2})+ */iy);
    if (encoded !== undefined) return encoded.trimEnd();
    return this.#unescaped(/[^,;+"\\<>]/y, true);
  }

  /** Escapes are of one special character, or of a byte of UTF-8. Spaces at the end count only where they are escaped. */
  #unescaped(plain: RegExp, trims = false): string | undefined {
    const bytes: number[] = [];
    let kept = 0;
    for (;;) {
      const escaped = this.take(/\\(?:[\da-f]{2}|[,;+"\\<>=# ])/iy);
      if (escaped !== undefined) {
        const isHex = escaped.length === 3;
        bytes.push(isHex ? Number.parseInt(escaped.slice(1), 16) : escaped.charCodeAt(1));
        kept = bytes.length;
        continue;
      }
      const character = this.take(plain);
      if (character === undefined) break;
      bytes.push(...Buffer.from(character, 'utf8'));
      if (character !== ' ') kept = bytes.length;
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(
        Uint8Array.from(trims ? bytes.slice(0, kept) : bytes),
      );
    } catch {
      // Escaped bytes that spell no text: a name that nobody was given.
      return undefined;
    }
  }
}

/** The attributes of a distinguished name as text [RFC 2253, RFC 4514], in its order; `undefined` if it is none. */
export const parseDistinguishedName = (text: string): readonly NameAttribute[] | undefined => {
  const reader = new NameReader(text);
  const attributes: NameAttribute[] = [];
  for (;;) {
    const type = reader.take(/ *(?:[a-z][a-z\d-]*|\d+(?:\.\d+)*) *= */iy);
    const value = type === undefined ? undefined : reader.value();
    if (type === undefined || value === undefined) return undefined;
    attributes.push({ type: type.slice(0, type.indexOf('=')).trim(), value });
    if (reader.isAtEnd) return attributes;
    if (reader.take(/ *[,;+]/y) === undefined) return undefined;
  }
};
