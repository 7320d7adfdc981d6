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
