import { access } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorAck } from '../../lib/protocol/ack.ts';
import * as constants from '../../lib/protocol/constants.ts';
import { type ErrorCode, errorRow, errorTable, ProtocolError } from '../../lib/protocol/errors.ts';
import { RequestHeaders } from '../../lib/protocol/request.ts';
import { closeErrorOf, decideCancel, decideClose } from '../../lib/session/decide-end.ts';
import { decideFragment } from '../../lib/session/decide-fragment.ts';
import type { Session } from '../../lib/session/session.ts';
import { defaultTimers } from '../../lib/session/timers.ts';
import { selectCases } from '../conformance/run.ts';
import { loadExchange, parseExchange } from '../exchanges/index.ts';
import { headOf, limits } from '../session/fragment-request.ts';
import { complete, fresh, outcomes, publishing, receiving, stored, tombstone } from '../session/sessions.ts';
import { react, readAck } from '../support/bits-client/index.ts';
import { codeIn, loadPage, type Page, tableRows } from './page.ts';
import { referencedRows, referencedSections } from './source-comments.ts';

let page: Page;
beforeAll(async () => {
  page = await loadPage('protocol.md');
});

/** Rows of the decision tables by their names; X rows are the sentence of section 15. */
const rowNames = (): readonly string[] => [
  ...tableRows(page.section('7'))
    .map(([name = '']) => name)
    .filter((name) => /^[CKFZ]\d/.test(name)),
  ...new Set(page.section('15').match(/\bX\d+\b/g)),
];

describe('what code and tests refer to is on the page', () => {
  it('every row that they name', async () => {
    const references = await referencedRows();
    expect(references.length).toBeGreaterThan(100);
    const names = new Set(rowNames());
    expect(references.filter(({ name }) => !names.has(name))).toEqual([]);
  });

  it('and no row that nobody names', async () => {
    const named = new Set((await referencedRows()).map(({ name }) => name));
    expect(rowNames().filter((name) => !named.has(name))).toEqual([]);
  });

  it('each row once, in order', () => {
    const numbers = (from: number, to: number, letter: string) =>
      Array.from({ length: to - from + 1 }, (_, index) => `${letter}${from + index}`);
    expect(rowNames().filter((name) => !name.startsWith('X'))).toEqual([
      ...numbers(1, 10, 'C'),
      ...numbers(1, 5, 'K'),
      ...numbers(1, 7, 'F'),
      'F7a',
      ...numbers(8, 14, 'F'),
      ...numbers(1, 2, 'Z'),
    ]);
  });

  it('every section that the conformance suite names', async () => {
    const references = await referencedSections();
    expect(references.length).toBeGreaterThan(50);
    expect(references.filter(({ name }) => !page.sections.includes(name))).toEqual([]);
  });
});

describe('what the page names is there', () => {
  it('every file and folder', async () => {
    const paths = codeIn(page.text).filter((code) =>
      /^(docs|functions|infra|lib|tests)\/[\w./-]+$/.test(code),
    );
    const links = [...page.text.matchAll(/\]\(([\w./-]+)\)/g)].map(([, link = '']) => `docs/${link}`);
    expect(paths.length).toBeGreaterThan(30);
    expect(links.length).toBeGreaterThan(0);
    for (const path of new Set([...paths, ...links])) {
      await expect(access(new URL(`../../${path}`, import.meta.url)), path).resolves.toBeUndefined();
    }
  });

  it('every conformance case of the checklist; and the checklist has every case', () => {
    const ids = [...selectCases({}).map(({ id }) => id), 'every-ack'];
    const patterns = tableRows(page.section('19')).flatMap(([, cases = '']) => codeIn(cases));
    const matches = (pattern: string) => (id: string) =>
      pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern;
    expect(patterns.filter((pattern) => !ids.some(matches(pattern)))).toEqual([]);
    expect(ids.filter((id) => !patterns.some((pattern) => matches(pattern)(id)))).toEqual([]);
  });
});

/** What the client of the tests makes of an answer to a FRAGMENT, in the words of the page. */
const clientWords = {
  proceed: 'goes on',
  recreate: 'new session',
  stop: 'stops',
  shrink: 'shrinks',
  jump: 'jumps',
  authenticate: 'adds credentials',
  retry: 'waits and repeats',
  fail: 'ends the job',
} as const;

const reactionTo = (code: ErrorCode): string => {
  const ack = errorAck(new RequestHeaders([]), new ProtocolError(code, 'for the log'), 0);
  const answer = readAck('Fragment', {
    httpVersion: '1.1',
    status: ack.status,
    reason: ack.reason,
    headers: Object.entries(ack.headers),
    body: new Uint8Array(),
    framing: 'content-length',
  });
  const options = { closeOnSessionNotFound: 'stop' } as const;
  return clientWords[react('Fragment', { kind: 'answer', answer }, options).kind];
};

const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(errorTable, text);

describe('the tables are those of the code', () => {
  it('errors: every code with its status, HRESULT, context, and what a client does', () => {
    const written = tableRows(page.section('8')).map(([code, status, hresult, context, , client]) =>
      [code?.replaceAll('`', ''), status, hresult, context, client].join(' '),
    );
    const real = Object.keys(errorTable)
      .filter(isErrorCode)
      .map((code) => {
        const { status, hresult, context } = errorRow(code);
        return [
          code,
          status,
          hresult === undefined ? '–' : constants.formatHResult(hresult),
          context === undefined ? '–' : constants.formatErrorContext(context),
          reactionTo(code),
        ].join(' ');
      });
    expect(written).toEqual(real);
  });

  it('answers named by a code are named by one that there is', () => {
    const named = page.text.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? [];
    const others = /^(BITS_|BG_E_|E_|ERROR_|BG_|RECEIVE_FRAGMENTS|WAIT_FOR_CLOSE)/;
    const unknown = named.filter((name) => !others.test(name) && !isErrorCode(name));
    expect(unknown).toEqual([]);
    expect(named.filter(isErrorCode).length).toBeGreaterThan(40);
  });

  it('the worked decisions of mode O', () => {
    const rows = tableRows(page.section('7.5')).filter(([range]) => range?.startsWith('`bytes '));
    expect(rows).toHaveLength(11);
    for (const [range = '', status, storedBytes, next] of rows) {
      const [text = ''] = codeIn(range);
      const [first = 0, last = 0] = (text.match(/\d+/g) ?? []).map(Number);
      const decision = decideFragment(headOf(text, BigInt(Math.max(0, last - first + 1))), receiving, limits);
      switch (decision.do) {
        case 'refuse':
          expect([`${errorRow(decision.code).status}`, '–', '101'], text).toEqual([
            status,
            storedBytes,
            next,
          ]);
          break;
        case 'acknowledge':
          expect(['200', '–', `${decision.offset}`], text).toEqual([status, storedBytes, next]);
          break;
        case 'store':
          expect(['200', `${decision.from}–${decision.end - 1}`, `${decision.end}`], text).toEqual([
            status,
            storedBytes,
            next,
          ]);
          break;
        case 'finish':
          expect.unreachable(text);
      }
    }
  });

  const states: Readonly<Record<string, Session | undefined>> = {
    'none visible': undefined,
    'RECEIVING, nothing accepted': fresh,
    'RECEIVING, some bytes': receiving,
    STORED: stored,
    PUBLISHING: publishing,
    COMPLETE: complete,
    tombstone,
  };

  it.each([
    ['7.6', decideClose],
    ['7.7', decideCancel],
  ] as const)('the decisions of %s, by state', (section, decide) => {
    const written = tableRows(page.section(section)).map(([state, decision]) => [state, decision]);
    expect(written).toEqual(
      Object.entries(states).map(([state, session]) => [state, `\`${decide(session, 0, true).do}\``]),
    );
  });

  it('outcomes of a tombstone, as each packet meets them', () => {
    const written = tableRows(page.section('6.3')).filter(([outcome]) => outcome?.startsWith('`'));
    const real = outcomes.map((outcome) => {
      const session = { ...tombstone, outcome };
      const fragment = decideFragment(headOf('bytes 101-110/200', 10n), session, limits);
      return [
        `\`${outcome}\``,
        closeErrorOf[outcome] ?? '200',
        decideCancel(session).do === 'repeat' ? '200' : 'something else',
        fragment.do === 'refuse' ? fragment.code : fragment.do,
      ];
    });
    expect(written.map(([outcome, , ...answers]) => [outcome, ...answers])).toEqual(real);
  });

  it('timers', () => {
    const units = { day: 86_400, hour: 3_600, s: 1 } as const;
    const written = tableRows(page.section('6.6')).flatMap(([name = '', value = '']) => {
      const [, amount, unit] = /^(\d+) (day|hour|s)(?:(?<!s)s)?$/.exec(value) ?? [];
      if (unit !== 'day' && unit !== 'hour' && unit !== 's') return [];
      return [[name.replaceAll('`', ''), Number(amount) * units[unit]] as const];
    });
    expect(Object.fromEntries(written)).toEqual(defaultTimers);
  });

  it('constants', () => {
    const written = tableRows(page.section('14')).map(([name, value]) => [name?.replaceAll('`', ''), value]);
    const { BITS_UPLOAD_PROTOCOL, maxHeaderValueBytes, maxProtocolIds, minFragmentLimitBytes } = constants;
    const real = { BITS_UPLOAD_PROTOCOL, maxHeaderValueBytes, maxProtocolIds, minFragmentLimitBytes };
    expect(written).toEqual(Object.entries(real).map(([name, value]) => [name, `${value}`]));
  });
});

it('X1 is the exchange that the tests replay', async () => {
  const [, block = ''] = /```text\n([^`]*)```/.exec(page.section('15')) ?? [];
  const steps = block.split(/^(?==== )/m).map((step) => {
    const [title, ...lines] = step.trimEnd().split('\n');
    const columns = lines.map((line) => line.split('|').map((side) => side.trim()));
    const left = columns.map(([request = '']) => request);
    const right = columns.map(([, answer = '']) => answer).filter((line) => line !== '');
    return [title, '--> client', ...left, '', '<-- server', ...right, ''].join('\n');
  });
  const written = parseExchange(`X1 Simple upload\n${steps.join('\n')}`);
  const { steps: replayed } = await loadExchange('x1-simple-upload');
  expect(written.steps).toEqual(replayed);
});
