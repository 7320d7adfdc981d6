import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

export interface YamlReading {
  /** Absent when the text is no YAML. */
  readonly value?: unknown;
  /** One phrase each; those about a key start with its path: `destinations[0].key: …`. */
  readonly problems: readonly string[];
}

/** `destinations` and `0` → `destinations[0]`. */
const childPath = (path: string, key: string | number): string => {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
};

/** Every key that one mapping has twice, with the line of the second one: the parser would keep either. */
const findDuplicates = (node: unknown, path: string, lines: LineCounter): string[] => {
  if (isSeq(node)) {
    return node.items.flatMap((item, index) => findDuplicates(item, childPath(path, index), lines));
  }
  if (!isMap(node)) return [];
  const seen = new Set<string>();
  return node.items.flatMap(({ key, value }) => {
    const name = String(key);
    const here = childPath(path, name);
    const line = isScalar(key) && key.range ? lines.linePos(key.range[0]).line : undefined;
    const again = seen.has(name) ? [`${here}: written a second time in line ${line}`] : [];
    seen.add(name);
    return [...again, ...findDuplicates(value, here, lines)];
  });
};

/** One YAML 1.2 document as plain data. Keys written twice and unknown tags are problems, not a choice of the parser's. */
export const readYaml = (text: string): YamlReading => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const complaints = [...document.errors, ...document.warnings].map(({ message, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    return `line ${line}, column ${col}: ${message}`;
  });
  if (complaints.length > 0) return { problems: complaints };
  try {
    return { value: document.toJS(), problems: findDuplicates(document.contents, '', lines) };
  } catch (error) {
    // The parser's guard against aliases that multiply throws here, not while parsing.
    if (error instanceof ReferenceError) return { problems: [error.message] };
    throw error;
  }
};
