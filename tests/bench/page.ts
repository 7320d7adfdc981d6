import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_DIR } from '../../infra/local/functions.ts';

const begin = '<!-- npm run bench -- --write replaces what follows -->';
const end = '<!-- until here -->';

/** The text with what stands between the two marks replaced. @throws RangeError where they are not there */
export const replaceBetweenMarks = (page: string, results: string): string => {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to < from)
    throw new RangeError('the page has lost the marks that results stand between');
  return `${page.slice(0, from + begin.length)}\n\n${results}\n\n${page.slice(to)}`;
};

/** Puts the results into docs/performance.md, and leaves what people wrote there. */
export const writePerformancePage = async (results: string): Promise<void> => {
  const file = join(PROJECT_DIR, 'docs', 'performance.md');
  await writeFile(file, replaceBetweenMarks(await readFile(file, 'utf8'), results));
};
