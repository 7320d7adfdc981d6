import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/operations.md', root), 'utf8');

const sources = async (): Promise<string> => {
  const files = (
    await Promise.all(
      ['functions', 'lib'].map(async (folder) =>
        (await readdir(new URL(folder, root), { recursive: true })).map((file) => `${folder}/${file}`),
      ),
    )
  ).flat();
  const texts = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFile(new URL(file, root), 'utf8'));
  return (await Promise.all(texts)).join('\n');
};

const codeSpans = (section: string): readonly string[] => {
  const text = page.slice(page.indexOf(`## ${section}`)).split('\n## ')[0] ?? '';
  const firstCells = text.split('\n').flatMap((line) => /^\| (`[^|]+) \|/.exec(line)?.[1] ?? []);
  return firstCells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
};

describe('docs/operations.md', () => {
  it('has a row for every alarm that the code can raise, and for no other', async () => {
    const code = await sources();
    const raised = [...code.matchAll(/\balarm\(\s*(?:'([^']+)'|`([^`]+)`)/g)].flatMap(([, text, template]) =>
      template === undefined
        ? [text ?? '']
        : ['lost', 'unverified'].map((verdict) => template.replace(/\$\{.+\}/, verdict)),
    );
    expect(raised.length).toBeGreaterThan(8);
    expect([...new Set(codeSpans('Alarms in the log'))].toSorted()).toEqual([...new Set(raised)].toSorted());
  });

  it('has a row for every metric, and for no other', async () => {
    const code = await sources();
    const calls = [...code.matchAll(/\bmetric\((.*?), /g)].flatMap(([, name = '']) =>
      [...name.matchAll(/'(\w+)'/g)]
        .map(([, metric = '']) => metric)
        .filter((metric) => /^[A-Z]/.test(metric)),
    );
    expect([...codeSpans('Metrics')].toSorted()).toEqual([...new Set(calls)].toSorted());
  });

  it('has a row for every variable that sets a timer, with its default', async () => {
    const { defaultTimers } = await import('../../lib/session/timers.ts');
    expect(page).toContain(`| \`CLOSE_GRACE_SECONDS\` | ${defaultTimers.closeGraceSeconds} |`);
    expect(page).toContain(`| \`SESSION_LIFETIME_SECONDS\` | ${defaultTimers.lifetimeSeconds} |`);
  });
});
