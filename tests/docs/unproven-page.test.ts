import { expect, it } from 'vitest';
import { allChecks } from '../deployment/run.ts';
import { codeIn, loadPage, tableRows } from './page.ts';

const { text } = await loadPage('unproven.md');

it('every check of a deployment takes a row out of the page, and the page names no other', () => {
  const named = tableRows(text.replaceAll('\\|', ''))
    .map((cells) => cells.at(-1) ?? '')
    .filter((command) => command.startsWith('`npm run check`: '))
    .flatMap((command) => codeIn(command)[1] ?? []);
  expect([...new Set(named)].toSorted()).toEqual(allChecks.map(({ id }) => id).toSorted());
});

it('every row says what is believed, what happens if it is wrong, and what tells', () => {
  const rows = tableRows(text.replaceAll('\\|', ''));
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.filter((cells) => cells.length !== 3 || cells.some((cell) => cell === ''))).toEqual([]);
});
