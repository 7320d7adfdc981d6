import { S3Error } from './errors.ts';

/** A parsed element. Namespaces prefixes are dropped; attributes are checked for form and dropped. */
export interface XmlNode {
  readonly name: string;
  /** The element's own text, references resolved. */
  readonly text: string;
  readonly children: readonly XmlNode[];
}

const maxDepth = 16;
const predefined: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * Parse a small request document. No DTD, no processing instructions but the declaration, no entities but the
 * five of XML; anything else is `MalformedXML`.
 */
export function parseXml(bytes: Uint8Array): XmlNode {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new S3Error('MalformedXML', undefined, { cause });
  }
  return new Parser(text).document();
}

/** The children of that name. */
export function childrenNamed(node: XmlNode, name: string): XmlNode[] {
  return node.children.filter((child) => child.name === name);
}

/** The text of the only child of that name, or `undefined`; two of them are `MalformedXML`. */
export function childText(node: XmlNode, name: string): string | undefined {
  const [first, second] = childrenNamed(node, name);
  if (second !== undefined) throw new S3Error('MalformedXML');
  return first?.text;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): XmlNode {
    this.#take(/<\?xml\s[^?<>]*\?>/y);
    this.#skipBlank();
    const root = this.#element(0);
    this.#skipBlank();
    if (this.#at !== this.#text.length) throw new S3Error('MalformedXML');
    return root;
  }

  #element(depth: number): XmlNode {
    const open = this.#take(
      /<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y,
    );
    const name = open?.[1];
    if (open === undefined || name === undefined || depth > maxDepth) throw new S3Error('MalformedXML');
    if (open[3] === '/') return { name, text: '', children: [] };
    let text = '';
    const children: XmlNode[] = [];
    for (;;) {
      text += this.#characters();
      const close = this.#take(/<\/(?:[\w.-]+:)?([\w.-]+)\s*>/y);
      if (close !== undefined) {
        if (close[1] !== name) throw new S3Error('MalformedXML');
        return { name, text, children };
      }
      children.push(this.#element(depth + 1));
    }
  }

  /** Text up to the next tag: comments left out, CDATA as it stands, references resolved. */
  #characters(): string {
    let text = '';
    for (;;) {
      const plain = this.#take(/[^<]+/y);
      if (plain !== undefined) {
        text += resolveReferences(plain[0].replaceAll('\r\n', '\n'));
        continue;
      }
      if (this.#take(/<!--(?:(?!--)[\s\S])*-->/y) !== undefined) continue;
      const cdata = this.#take(/<!\[CDATA\[([\s\S]*?)\]\]>/y);
      if (cdata === undefined) return text;
      text += cdata[1] ?? '';
    }
  }

  #skipBlank(): void {
    while (this.#take(/\s+/y) ?? this.#take(/<!--(?:(?!--)[\s\S])*-->/y));
  }

  #take(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at = sticky.lastIndex;
    return found;
  }
}

function resolveReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(\w{1,8}));|&/g,
    (_whole, hex, decimal, name) => {
      const resolved =
        name === undefined
          ? character(hex ? Number.parseInt(hex, 16) : Number.parseInt(decimal, 10))
          : predefined.get(name);
      if (resolved === undefined) throw new S3Error('MalformedXML');
      return resolved;
    },
  );
}

function character(codePoint: number): string | undefined {
  const allowed = codePoint >= 0 && codePoint <= 0x10ffff && !(codePoint >= 0xd800 && codePoint <= 0xdfff);
  return allowed ? String.fromCodePoint(codePoint) : undefined;
}
