import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { mutants } from '../faults/mutant-list.ts';

const project = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/concurrency.md', project), 'utf8');

/** Line breaks of the page are no part of a name. */
const text = page.replace(/\s+/g, ' ');

it('every test that the page names is there, and so is every title', async () => {
  const named = [...text.matchAll(/`(tests\/[\w./-]+\.ts)`(?:, "([^"]+)")?/g)];
  expect(named.length).toBeGreaterThan(20);
  for (const [, path = '', title] of named) {
    const source = await readFile(new URL(path, project), 'utf8');
    if (title !== undefined) expect(source, path).toContain(title);
  }
});

it('every mutant that the page names is planted', () => {
  const lists = [...text.matchAll(/mutants? ("[^"]+"(?: and "[^"]+")*)/g)].map(([, list = '']) => list);
  const named = lists.flatMap((list) => [...list.matchAll(/"([^"]+)"/g)].map(([, name]) => name));
  expect(named.length).toBeGreaterThan(5);
  const planted = mutants.map(({ name }) => name);
  for (const name of named) expect(planted).toContain(name);
});

it('every paragraph of what can fail names the test that shows it', () => {
  const [, told = ''] = /(## The two rules[\s\S]*)## What a run looks like/.exec(page) ?? [];
  const sections = told.split(/^## /m).slice(1);
  expect(sections.length).toBeGreaterThan(6);
  for (const section of sections) {
    // The parenthesis at the end of a section is for all of its items.
    const isForAll = /\n\n\(.*`tests\/[\s\S]*\)\s*$/.test(section);
    const blocks = section
      .split('\n')
      .slice(1)
      .join('\n')
      .split(/\n\n|\n(?=- )/)
      .filter((block) => block.trim() !== '' && !/^\n? {4}\S/.test(block));
    for (const block of isForAll ? [] : blocks)
      expect(block).toMatch(/`tests\/[\w./-]+`|mutants? "|\(mutant/);
  }
});
