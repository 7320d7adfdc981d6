import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const begin = (command: string) => `<!-- ${command} replaces what follows -->`;
const end = '<!-- until here -->';

/** The text with what stands between a command's marks replaced. @throws Error where they are not there */
export const replaceBetweenMarks = (page: string, command: string, results: string): string => {
  const mark = begin(command);
  const from = page.indexOf(mark);
  const to = page.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`the page has lost the marks that ${command} writes between`);
  return `${page.slice(0, from + mark.length)}\n\n${results}\n\n${page.slice(to)}`;
};

/** Puts results into a page of `docs/`, and leaves what people wrote there. */
export const writeIntoPage = async (name: string, command: string, results: string): Promise<void> => {
  const file = fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
  await writeFile(file, replaceBetweenMarks(await readFile(file, 'utf8'), command, results));
};
