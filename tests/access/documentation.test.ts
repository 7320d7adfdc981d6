import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseDestinations } from '../../infra/config/load.ts';
import { destinationSchema } from '../../infra/config/schema.ts';
import { contentTypeOf, knownContentTypes, unknownContentType } from '../../lib/access/content-type.ts';
import { expandKey, keyPlaceholders } from '../../lib/access/key-template.ts';
import { parseRequestUrl } from '../../lib/access/url.ts';
import { limits } from './configuration-support.ts';

const load = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

let page = '';
beforeAll(async () => {
  page = await load('configuration.md');
});

/** The cells of every table row whose first cell is code, with the backticks taken off. */
const rows = (cells: number, text = page): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').slice(1, -1))
    .filter((row) => row.length === cells)
    .map((row) => row.map((cell) => cell.trim().replaceAll('`', '')));

const keyOf = (target: string, template: string): string => {
  const url = parseRequestUrl({ scheme: 'https', host: 'upload.example.com', target });
  if (!url.ok) return `refused: ${url.reason}`;
  const expanded = expandKey(template, {
    path: url.path.slice('/uploads/'.length),
    principal: 'alice@example.com',
    sessionId: '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012',
    createdAtEpochMs: Date.UTC(2026, 0, 5, 9, 30),
  });
  return expanded.ok ? expanded.key : `refused: ${expanded.reason}`;
};

describe('the configuration page', () => {
  it('shows the keys that its examples really get', () => {
    const examples = rows(3).filter(([target]) => target?.startsWith('/uploads/'));
    expect(examples.length).toBeGreaterThan(20);
    for (const [target = '', template = '', key] of examples) {
      expect(`${target} ${template} → ${keyOf(target, template)}`).toBe(`${target} ${template} → ${key}`);
    }
  });

  it('lists every key, in the order of the schema, and every placeholder', () => {
    const keys = Object.keys(destinationSchema.shape);
    const listed = rows(3).map(([key = '']) => key);
    expect(listed.slice(0, keys.length)).toEqual(keys);
    for (const placeholder of keyPlaceholders) expect(page).toContain(`| \`{${placeholder}`.slice(2));
  });

  it('states the defaults that are in force', () => {
    const written = rows(3)
      .slice(0, Object.keys(destinationSchema.shape).length)
      .filter(
        ([, standard]) =>
          standard !== 'required' &&
          standard !== '—' &&
          standard !== 'no limit' &&
          !standard?.startsWith('the stack'),
      )
      .map(([key, standard]) => `${key}: "${standard}"`)
      .map((line) => line.replace(/"(true|false|\d+)"/, '$1'));
    // mtls, because it has a key of its own.
    const required = 'prefix: /a/, maximumUploadSize: 1GB, access: mtls';
    const explicit = parseDestinations(
      `destinations: [{${[required, ...written].join(', ')}}]`,
      'page',
      limits,
    );
    expect(written).toHaveLength(8);
    expect(explicit).toEqual(parseDestinations(`destinations: [{${required}}]`, 'page', limits));
  });

  it('lists the extensions that have a content type', () => {
    const listed = /`(7z [^`]*)`/.exec(page)?.[1]?.split(' ') ?? [];
    expect(listed.length).toBeGreaterThan(20);
    for (const extension of listed)
      expect(contentTypeOf(`a.${extension}`, {}), extension).not.toBe(unknownContentType);
    expect(listed).toEqual(Object.keys(knownContentTypes));
  });
});

describe('the pages of what a destination may have', () => {
  const { reply, allow } = destinationSchema.shape;

  it('list every key of a reply application, in the order of the schema', async () => {
    const text = await load('reply-applications.md');
    const [, section = ''] = text.split('## Keys of `reply`');
    const listed = rows(3, section.split('\n## ')[0]).map(([key]) => key);
    expect(listed).toEqual(Object.keys(reply.unwrap().in.shape));
  });

  it('tell of every key of a rule, and show each', async () => {
    const text = await load('access.md');
    const [section = ''] = (text.split('## Who may write where')[1] ?? '').split('\n## ');
    const keys = Object.keys(allow.unwrap().element.in.shape);
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) {
      expect(section).toContain(`\`${key}\``);
      expect(section).toMatch(new RegExp(`^ +(- )?${key}:`, 'm'));
    }
  });

  it.each(['configuration.md', 'access.md', 'reply-applications.md'])(
    '%s has an example that can be used',
    async (name) => {
      const example = /```yaml\n(destinations:[^`]*)```/.exec(await load(name))?.[1] ?? '';
      expect(parseDestinations(example, name, limits)).toHaveLength(1);
    },
  );
});
