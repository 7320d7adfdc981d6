import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideFragment, type FragmentDecision } from '../../lib/session/decide-fragment.ts';
import type { Receiving, Session } from '../../lib/session/session.ts';
import { headFor, headOf, limits } from './fragment-request.ts';
import { complete, fresh, progress, publishing, receiving, stored, tombstone } from './sessions.ts';

const decide = (head: ReturnType<typeof headOf>, session: Session | undefined = receiving) =>
  decideFragment(head, session, limits);

const refusal = (code: string) => ({ do: 'refuse', code, why: expect.any(String) });

const receivingAt = (next: number, totalBytes: number): Receiving => ({
  ...receiving,
  progress: { ...progress, next, layout: { totalBytes, partBytes: 64 } },
});

// `receiving` is at next = 101 of total = 200.
describe('C10', () => {
  it('no session', () => {
    expect(decideFragment(headFor(0, 12, 26), undefined, limits)).toEqual(refusal('SESSION_NOT_FOUND'));
  });

  it('a session that has ended', () => {
    expect(decide(headFor(101, 199, 200), tombstone)).toEqual(refusal('SESSION_NOT_FOUND'));
  });
});

describe('F1: the range is in the grammar and first ≤ last < total', () => {
  it.each([
    undefined,
    '',
    'bytes 101-150',
    'bytes 101-150/*',
    'octets 101-150/200',
    'bytes 150-101/200',
    'bytes 150-200/200',
    'bytes 101-150/100',
    'bytes 101-150/0',
  ])('%j', (range) => {
    expect(decide(headOf(range, 50n))).toEqual(refusal('INVALID_REQUEST'));
  });
});

describe('F2: Content-Length is the length of the range', () => {
  it.each([0n, 1n, 49n, 51n, 2n ** 63n])('%d bytes for 50', (contentLength) => {
    expect(decide(headOf('bytes 101-150/200', contentLength))).toEqual(refusal('INVALID_REQUEST'));
  });

  it('compares lengths that no number holds exactly', () => {
    const range = 'bytes 0-9007199254740992/9007199254740994';
    expect(decide(headOf(range, 2n ** 53n))).toEqual(refusal('INVALID_REQUEST'));
    expect(decide(headOf(range, 2n ** 53n + 1n))).toEqual(refusal('ENTITY_TOO_LARGE'));
  });
});

describe('F3: the total is at most maximumUploadSize', () => {
  it('exactly the maximum passes, one more does not', () => {
    expect(decide(headFor(0, 12, 1000), fresh)).toMatchObject({ do: 'store', totalBytes: 1000 });
    expect(decide(headFor(0, 12, 1001), fresh)).toEqual(refusal('ENTITY_TOO_LARGE'));
  });

  it.each(['9007199254740992', '18446744073709551615', '99999999999999999999'])(
    'a total of %s is too large, however large the maximum',
    (total) => {
      const head = headOf(`bytes 0-12/${total}`, 13n);
      const boundless = { ...limits, maximumUploadBytes: Number.POSITIVE_INFINITY };
      expect(decideFragment(head, fresh, boundless)).toEqual(refusal('ENTITY_TOO_LARGE'));
    },
  );
});

describe("F4: the total is the session's", () => {
  it.each([199, 201])('%d in place of 200', (total) => {
    for (const session of [receiving, stored, publishing, complete]) {
      expect(decide(headFor(0, 12, total), session)).toEqual(refusal('INVALID_REQUEST'));
    }
  });

  it('the first fragment may name any', () => {
    expect(decide(headFor(0, 12, 999), fresh)).toMatchObject({ do: 'store', totalBytes: 999 });
  });
});

describe('F5: no Content-Encoding, or identity', () => {
  it.each([undefined, 'identity', 'Identity', 'IDENTITY'])('%s passes', (encoding) => {
    expect(decide(headOf('bytes 101-150/200', 50n, encoding))).toMatchObject({ do: 'store' });
  });

  it.each(['gzip', 'deflate', 'identity, gzip', 'x-identity'])('%s does not', (encoding) => {
    expect(decide(headOf('bytes 101-150/200', 50n, encoding))).toEqual(refusal('INVALID_REQUEST'));
  });
});

describe('F6: the fragment is at most fragmentLimit', () => {
  it('exactly the limit passes, one more does not', () => {
    expect(decide(headFor(0, 499, 1000), fresh)).toMatchObject({ do: 'store', end: 500 });
    expect(decide(headFor(0, 500, 1000), fresh)).toEqual(refusal('FRAGMENT_TOO_LARGE'));
  });
});

describe('F7: COMPLETE', () => {
  it.each([
    ['the last fragment', 101, 199],
    ['the first fragment', 0, 12],
    ['all of it', 0, 199],
  ])('%s again is acknowledged with the total', (_, first, last) => {
    expect(decide(headFor(first, last, 200), complete)).toEqual({ do: 'acknowledge', offset: 200 });
  });
});

describe('F7a: STORED, or being published', () => {
  it.each([
    ['the last fragment', 101, 199],
    ['the first fragment', 0, 12],
  ])('%s again tries to finish', (_, first, last) => {
    for (const session of [stored, publishing]) {
      expect(decide(headFor(first, last, 200), session)).toEqual({ do: 'finish', session });
    }
  });
});

describe('F8: a gap', () => {
  it.each([
    ['one byte too far', receiving, 102, 150, 200],
    ['the last byte', receiving, 199, 199, 200],
    ['in a fresh session', fresh, 1, 12, 26],
  ])('%s', (_, session, first, last, total) => {
    expect(decide(headFor(first, last, total), session)).toEqual(refusal('RANGE_NOT_NEXT'));
  });
});

describe('F9: entirely known', () => {
  it.each([
    ['the first byte', 0, 0],
    ['all that is known', 0, 100],
    ['the last known byte', 100, 100],
  ])('%s is acknowledged with the offset as it is', (_, first, last) => {
    expect(decide(headFor(first, last, 200))).toEqual({ do: 'acknowledge', offset: 101 });
  });
});

describe('F11: bytes to store', () => {
  it.each([
    ['exactly the next', receiving, [101, 150, 200], [101, 151, 0]],
    ['one byte', receiving, [101, 101, 200], [101, 102, 0]],
    ['up to the total', receiving, [101, 199, 200], [101, 200, 0]],
    ['with one known byte', receiving, [100, 150, 200], [101, 151, 1]],
    ['with one new byte', receiving, [0, 101, 200], [101, 102, 101]],
    ['the first fragment', fresh, [0, 12, 26], [0, 13, 0]],
    ['a file in one fragment', fresh, [0, 25, 26], [0, 26, 0]],
  ] as const)('%s', (_, session, [first, last, total], [from, end, skipBytes]) => {
    const decision: FragmentDecision = { do: 'store', session, from, end, totalBytes: total, skipBytes };
    expect(decide(headFor(first, last, total), session)).toEqual(decision);
  });
});

describe('Z1: an entity of no bytes', () => {
  it.each(['bytes 0-0/0', 'bytes */0', 'bytes 0--1/0', 'bytes 7-3/0'])('%s completes it', (range) => {
    expect(decide(headOf(range, 0n), fresh)).toEqual({
      do: 'store',
      session: fresh,
      from: 0,
      end: 0,
      totalBytes: 0,
      skipBytes: 0,
    });
  });

  it('again: its Ack was lost', () => {
    const empty = { ...stored, entity: { ...stored.entity, totalBytes: 0 } };
    expect(decide(headOf('bytes */0', 0n), empty)).toEqual({ do: 'finish', session: empty });
    expect(decide(headOf('bytes */0', 0n), { ...complete, totalBytes: 0 })).toEqual({
      do: 'acknowledge',
      offset: 0,
    });
  });

  it('never empties a session that has bytes', () => {
    for (const session of [receiving, stored, publishing, complete]) {
      expect(decide(headOf('bytes */0', 0n), session)).toEqual(refusal('INVALID_REQUEST'));
    }
  });

  it('is unknown where its session is', () => {
    expect(decideFragment(headOf('bytes */0', 0n), undefined, limits)).toEqual(refusal('SESSION_NOT_FOUND'));
  });
});

describe('worked decisions (next = 101, total = 200)', () => {
  const row = (range: string, outcome: object) => [range, outcome] as const;
  const storing = (from: number, end: number) => ({ do: 'store', from, end });
  it.each([
    row('101-150/200', storing(101, 151)),
    row('101-199/200', storing(101, 200)),
    row('50-150/200', { ...storing(101, 151), skipBytes: 51 }),
    row('0-100/200', { do: 'acknowledge', offset: 101 }),
    row('0-50/200', { do: 'acknowledge', offset: 101 }),
    row('0-199/200', { ...storing(101, 200), skipBytes: 101 }),
    row('102-150/200', refusal('RANGE_NOT_NEXT')),
    row('150-199/200', refusal('RANGE_NOT_NEXT')),
    row('150-200/200', refusal('INVALID_REQUEST')),
    row('101-150/201', refusal('INVALID_REQUEST')),
    row('150-101/200', refusal('INVALID_REQUEST')),
  ])('bytes %s', (range, outcome) => {
    const [first = 0, last = 0] = range.split(/[-/]/).map(Number);
    const head = headOf(`bytes ${range}`, BigInt(Math.abs(last - first) + 1));
    expect(decide(head)).toMatchObject(outcome);
  });
});

describe('any fragment of any receiving session', () => {
  it('moves the offset forward without a gap, or not at all', () => {
    const numbers = fc.record({
      next: fc.integer({ min: 1, max: 199 }),
      first: fc.nat(210),
      length: fc.integer({ min: 1, max: 210 }),
    });
    fc.assert(
      fc.property(numbers, ({ next, first, length }) => {
        const session = receivingAt(next, 200);
        const last = first + length - 1;
        const decision = decide(headFor(first, last, 200), session);
        if (last >= 200) expect(decision).toEqual(refusal('INVALID_REQUEST'));
        else if (first > next) expect(decision).toEqual(refusal('RANGE_NOT_NEXT'));
        else if (last < next) expect(decision).toEqual({ do: 'acknowledge', offset: next });
        else {
          const bytes = { from: next, end: last + 1, totalBytes: 200, skipBytes: next - first };
          expect(decision).toEqual({ do: 'store', session, ...bytes });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
