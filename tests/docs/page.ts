import { readFile } from 'node:fs/promises';

/** A page of documentation, as far as the tests read it: its text, numbered sections, and the cells of its tables. */
export interface Page {
  readonly text: string;
  /** Numbers of its headings: `7`, `7.5`. */
  readonly sections: readonly string[];
  /** The text of a numbered section, subsections included. Throws if there is none of that number. */
  section(number: string): string;
}

const headings = /^(#{2,3}) (\d+(?:\.\d+)?)\.? /gm;

/** Reads a page of `docs/`. */
export const loadPage = async (name: string): Promise<Page> => {
  const text = await readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  const starts = [...text.matchAll(headings)].map(({ index, 1: marks = '', 2: number = '' }) => ({
    index,
    level: marks.length,
    number,
  }));
  const section = (number: string): string => {
    const start = starts.find((known) => known.number === number);
    if (start === undefined) throw new Error(`${name} has no section ${number}`);
    const end = starts.find(({ index, level }) => index > start.index && level <= start.level);
    return text.slice(start.index, end?.index);
  };
  return { text, sections: starts.map(({ number }) => number), section };
};

/** The rows of every table in a text, cells trimmed; headings and the lines below them are left out. */
export const tableRows = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line, index, lines) => line.startsWith('|') && !isRuler(line) && !isRuler(lines[index + 1]))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const isRuler = (line: string | undefined): boolean => line !== undefined && /^\|[-|]+\|$/.test(line);

/** What stands between backticks, in order. */
export const codeIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
