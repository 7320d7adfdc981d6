/** An XML element's content: text, nested elements, or a list of either. `undefined` writes no element at all. */
export type XmlContent = string | number | boolean | XmlElement | readonly XmlElement[] | undefined;

/** One element; build it with {@link element}. */
export interface XmlElement {
  readonly name: string;
  readonly content: XmlContent;
}

const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** An element of that name; with `undefined` as content nothing is written. */
export function element(name: string, content: XmlContent): XmlElement {
  return { name, content };
}

/** A whole document with S3's namespace on its root; errors, as in S3, have none. */
export function xmlDocument(root: XmlElement, namespace: boolean = true): string {
  const attributes = namespace ? ` xmlns="${s3Namespace}"` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root.name}${attributes}>${write(root.content)}</${root.name}>`;
}

function write(content: XmlContent): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return escapeText(content);
  if (typeof content !== 'object') return String(content);
  if (!('name' in content)) return content.map(writeElement).join('');
  return writeElement(content);
}

function writeElement({ name, content }: XmlElement): string {
  return content === undefined ? '' : `<${name}>${write(content)}</${name}>`;
}

/** Control characters go out as references, as S3 writes them: a parser would otherwise fold CR into LF. */
function escapeText(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: object keys may hold them
    /[&<>"\u0000-\u001f\u007f]/g,
    (character) => named[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
  );
}

const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
