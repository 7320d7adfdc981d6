import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { formatHResult, httpErrorHresult } from '../../lib/protocol/constants.ts';
import { type ErrorCode, errorRow, errorTable } from '../../lib/protocol/errors.ts';
import { loadPage, tableRows } from './page.ts';

const page = await loadPage('windows-clients.md');
const [, table = ''] = page.text.split('## What an HRESULT means');

const listed = tableRows(table).flatMap(([codes = '', from = '', ...told]) =>
  codes.split(', ').map((hresult) => ({ hresult, from: from.split(', '), told: told.join(' ') })),
);

/** Answers that are never the error of a job. */
const unseen: readonly string[] = [
  // The load balancer lets no other method through: it answers 404 itself.
  'METHOD_NOT_ALLOWED',
  // The client goes on by itself, with smaller fragments or from another offset.
  'FRAGMENT_TOO_LARGE',
  'RANGE_NOT_NEXT',
  // S3 is never full.
  'OUT_OF_SPACE',
] satisfies readonly ErrorCode[];

const isErrorCode = (name: string): name is ErrorCode => Object.hasOwn(errorTable, name);

const sent = Object.keys(errorTable)
  .filter(isErrorCode)
  .filter((code) => !unseen.includes(code))
  .map((code) => {
    const { status, hresult = httpErrorHresult(status) } = errorRow(code);
    return { code, status, hresult: formatHResult(hresult) };
  });

it('every HRESULT that a job can have from us has one row, and no row says so of another', () => {
  const ours = listed.filter(({ from }) => from.includes('server')).map(({ hresult }) => hresult);
  expect(ours.toSorted()).toEqual([...new Set(sent.map(({ hresult }) => hresult))].toSorted());
  const all = listed.map(({ hresult }) => hresult);
  expect(all.filter((hresult, index) => all.indexOf(hresult) < index)).toEqual([]);
});

it.each(sent.filter(({ status }) => status !== 500))(
  '$code: the row of $hresult has the status $status',
  (row) => {
    expect(listed.find(({ hresult }) => hresult === row.hresult)?.told).toContain(`${row.status}`);
  },
);

it('every row says from whom', () => {
  const known = ['server', 'application', 'way', 'Windows'];
  expect(listed.flatMap(({ from }) => from).filter((who) => !known.includes(who))).toEqual([]);
  expect(listed.length).toBeGreaterThan(20);
});

const script = await readFile(new URL('../../docs/windows/Send-BitsUpload.ps1', import.meta.url), 'utf8');
/** Of its first column: what follows `param(` at the beginning of a line, up to the first `)` of its own. */
const [declared = ''] = /^param\([\s\S]*?^\)/m.exec(script) ?? [];
const parameters = [...declared.matchAll(/\] \$(\w+)/g)].map(([, name = '']) => name);

it('the page and the script’s own help give the script no parameter that it does not have', () => {
  const [help = ''] = script.split('#>');
  const calls = `${page.text}${help}`.match(/\.\\Send-BitsUpload\.ps1 .*/g) ?? [];
  const text = `${calls.join('\n')}\n${/exit code[\s\S]*?\*\*Who is logged on/.exec(page.text)?.[0] ?? ''}`;
  // Those in parentheses are of the cmdlets whose output is given.
  const given = [...text.replace(/\([^)]*\)/g, '').matchAll(/[ `]-(\w+)/g)].map(([, name = '']) => name);
  expect(calls.length).toBeGreaterThan(3);
  expect(new Set(given).size).toBeGreaterThan(7);
  expect(given.filter((name) => !parameters.includes(name))).toEqual([]);
});

it('the script is one that Windows PowerShell reads the same in every code page', () => {
  // Without a byte order mark it takes a file for text in the machine's own.
  expect([...script].filter((character) => character > '\u007f')).toEqual([]);
});

it('the script names its jobs in at most 256 characters, and looks at hidden files', () => {
  const prefix = /JobName = '([^']*)' \+ \$shortName \+ ' ' \+ \$hash/.exec(script)?.[1] ?? 'x'.repeat(256);
  const [shortName, hash] = [/Min\((\d+), /, /Substring\(0, (\d+)\)/].map((part) =>
    Number(part.exec(script)?.[1]),
  );
  expect(prefix.length + (shortName ?? 256) + 1 + (hash ?? 256)).toBeLessThanOrEqual(256);
  expect(script.match(/Get-ChildItem .*/g)?.filter((call) => !call.includes(' -Force'))).toEqual([]);
});
