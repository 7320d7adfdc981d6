import { describe, expect, it } from 'vitest';
import { decideFragment } from '../../lib/session/decide-fragment.ts';
import type { Session } from '../../lib/session/session.ts';
import { headOf } from './fragment-request.ts';
import { complete, publishing, receiving, stored } from './sessions.ts';

/** A FRAGMENT and the session it meets, in the terms of the table. Unchanged it is stored: next = 101, total = 200. */
interface Situation {
  session: Session | undefined;
  first: number;
  last: number;
  total: number;
  unit: string;
  lengthError: bigint;
  encoding: string | undefined;
  maximumUploadBytes: number;
  fragmentLimitBytes: number;
}

const decide = (situation: Situation) => {
  const { first, last, total, unit, lengthError, encoding, session, ...limits } = situation;
  const contentLength = BigInt(last - first + 1) + lengthError;
  return decideFragment(
    headOf(`${unit} ${first}-${last}/${total}`, contentLength, encoding),
    session,
    limits,
  );
};

interface Row {
  readonly id: string;
  /** Makes the row apply and leaves alone what decides the others. */
  apply(situation: Situation): void;
  readonly answer: string;
}

/** Rows of the table in their order, each with the least that makes it apply. */
const rows: readonly Row[] = [
  {
    id: 'C10',
    apply: (situation) => {
      situation.session = undefined;
    },
    answer: 'refuse SESSION_NOT_FOUND',
  },
  {
    id: 'F1',
    apply: (situation) => {
      situation.unit = 'octets';
    },
    answer: 'refuse INVALID_REQUEST: Content-Range',
  },
  {
    id: 'F2',
    apply: (situation) => {
      situation.lengthError = 1n;
    },
    answer: 'refuse INVALID_REQUEST: Content-Length',
  },
  {
    id: 'F3',
    apply: (situation) => {
      situation.maximumUploadBytes = 199;
    },
    answer: 'refuse ENTITY_TOO_LARGE',
  },
  {
    id: 'F4',
    apply: (situation) => {
      situation.total = 201;
    },
    answer: 'refuse INVALID_REQUEST: the total was',
  },
  {
    id: 'F5',
    apply: (situation) => {
      situation.encoding = 'gzip';
    },
    answer: 'refuse INVALID_REQUEST: Content-Encoding',
  },
  {
    id: 'F6',
    apply: (situation) => {
      situation.fragmentLimitBytes = 1;
    },
    answer: 'refuse FRAGMENT_TOO_LARGE',
  },
  {
    id: 'F7',
    apply: (situation) => {
      situation.session &&= complete;
    },
    answer: 'acknowledge 200',
  },
  {
    id: 'F7a stored',
    apply: (situation) => {
      situation.session &&= stored;
    },
    answer: 'finish stored',
  },
  {
    id: 'F7a publishing',
    apply: (situation) => {
      situation.session &&= publishing;
    },
    answer: 'finish publishing',
  },
  {
    id: 'F8',
    apply: (situation) => {
      situation.first = 110;
    },
    answer: 'refuse RANGE_NOT_NEXT',
  },
  {
    id: 'F9',
    apply: (situation) => {
      situation.first = 0;
      situation.last = 50;
    },
    answer: 'acknowledge 101',
  },
];

/** Rows that say different things of the same thing: both at once cannot be. */
const exclusive: readonly (readonly string[])[] = [
  ['F7', 'F7a stored', 'F7a publishing'],
  ['F8', 'F9'],
];

const situationOf = (applied: readonly Row[]): Situation => {
  const situation: Situation = {
    session: receiving,
    first: 101,
    last: 150,
    total: 200,
    unit: 'bytes',
    lengthError: 0n,
    encoding: undefined,
    maximumUploadBytes: 1000,
    fragmentLimitBytes: 500,
  };
  for (const row of applied) row.apply(situation);
  return situation;
};

const answerTo = (situation: Situation): string => {
  const decision = decide(situation);
  switch (decision.do) {
    case 'refuse':
      return `refuse ${decision.code}: ${decision.why}`;
    case 'acknowledge':
      return `acknowledge ${decision.offset}`;
    case 'finish':
      return `finish ${decision.session.state}`;
    case 'store':
      return `store ${decision.from} to ${decision.end}`;
  }
};

const pairs = rows.flatMap((earlier, index) =>
  rows
    .slice(index + 1)
    .filter((later) => !exclusive.some((group) => group.includes(earlier.id) && group.includes(later.id)))
    .map((later) => ({ earlier, later })),
);

describe('order of the fragment table', () => {
  it('without any of the rows the bytes are stored', () => {
    expect(answerTo(situationOf([]))).toBe('store 101 to 151');
  });

  it.each(rows)('$id alone decides', (row) => {
    expect(answerTo(situationOf([row]))).toContain(row.answer);
  });

  it.each(pairs)('$earlier.id goes before $later.id', ({ earlier, later }) => {
    expect(answerTo(situationOf([earlier, later]))).toContain(earlier.answer);
    expect(answerTo(situationOf([later, earlier]))).toContain(earlier.answer);
  });

  it('all rows that can apply at once are answered by the first of them', () => {
    for (const [index, first] of rows.entries()) {
      const rest = rows
        .slice(index + 1)
        .filter(({ id }) => !exclusive.some((group) => group.includes(first.id) && group.includes(id)));
      expect(answerTo(situationOf([...rest, first])), first.id).toContain(first.answer);
    }
  });
});
