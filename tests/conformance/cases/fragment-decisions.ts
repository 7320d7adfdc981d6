import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { type Expectation, gap, invalid, notFound, ok } from '../expectation.ts';
import { entityBytes, type Range, type TestSession } from '../test-session.ts';

/** The worked decisions: 101 bytes of 200 are there. */
const WORKED: readonly (readonly [range: Range, expectation: Expectation])[] = [
  [[101, 150, 200], ok(151)],
  [[101, 199, 200], ok(200)],
  [[50, 150, 200], ok(151)],
  [[0, 100, 200], ok(101)],
  [[0, 50, 200], ok(101)],
  [[0, 199, 200], ok(200)],
  [[102, 150, 200], gap(101)],
  [[150, 199, 200], gap(101)],
  [[150, 200, 200], invalid(101)],
  [[101, 150, 201], invalid(101)],
];

/** Section 7.5, rows F7 to F14, mode O: where the bytes of a FRAGMENT go. */
export const fragmentDecisions: readonly ConformanceCase[] = [
  ...WORKED.map(
    ([[first, last, total], expectation]): ConformanceCase => ({
      id: `f-worked-${first}-${last}-of-${total}`,
      title: `with 101 of 200 bytes there, ${first}-${last}/${total} is answered ${expectation.status}, offset ${expectation.offset}`,
      section: '7.5, worked decisions, mode O',
      run: (context) => worked(context, (session) => session.fragment([first, last, total], expectation)),
    }),
  ),
  {
    id: 'f-worked-150-101',
    title: 'with 101 of 200 bytes there, 150-101/200 is answered 400, offset 101',
    section: '7.5, worked decisions, mode O',
    run: (context) =>
      worked(context, (session) =>
        session.fragmentAsIs('bytes 150-101/200', entityBytes(101, 150), invalid(101)),
      ),
  },
  {
    id: 'f8-fresh-session',
    title: 'a fresh session expects offset 0: anything later is a gap, and does not fix the total',
    section: '7.5 F8',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([1, 12, 99], gap(0));
      await session.fragment([13, 25, 26], gap(0));
      await session.fragment([0, 25, 26], ok(26));
    },
  },
  {
    id: 'f9-every-earlier-fragment',
    title: 'every earlier FRAGMENT can come again: same offset, nothing written',
    section: '7.5 F9, 7.8',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 4, 26], ok(5));
      await session.fragment([5, 9, 26], ok(10));
      await session.fragment([10, 14, 26], ok(15));
      for (const first of [0, 5, 10]) await session.fragment([first, first + 4, 26], ok(15));
      await session.fragment([15, 25, 26], ok(26));
      await session.close(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
  {
    id: 'f11-stored-bytes-stay',
    title: 'an overlap appends only what is new: bytes that are stored are never rewritten',
    section: '7.5 F11',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 26], ok(13));
      const body = new Uint8Array(26).fill(0x2d);
      const request = session.fragmentRequest([0, 25, 26], body);
      await context.expect(request, ok(26), 'a FRAGMENT with other bytes below the offset');
      await session.close(ok());
      const expected = Buffer.concat([entityBytes(0, 12), body.subarray(13)]);
      await context.expectObject(session.destination, expected);
    },
  },
  {
    id: 'f7-last-fragment-three-times',
    title: 'the last FRAGMENT three times: 200 and the total each time, published once',
    section: '7.5 F7, F7a, 7.8',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 26], ok(13));
      for (let time = 1; time <= 3; time++) await session.fragment([13, 25, 26], ok(26));
      await session.close(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
  {
    id: 'f7-any-fragment-when-complete',
    title: 'once everything is there, any FRAGMENT is answered 200 with the total',
    section: '7.5 F7, F7a',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 25, 26], ok(26));
      await session.fragment([0, 4, 26], ok(26));
      await session.fragment([7, 25, 26], ok(26));
      await session.fragment([0, 25, 26], ok(26));
      await session.fragment([0, 25, 27], invalid(26));
      await session.close(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
  {
    id: 'f14-published-at-close',
    title: 'the object appears with CLOSE, whole, and not before',
    section: '6.5, 7.5 F14',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 26], ok(13));
      await context.expectNoObject(session.destination);
      await session.fragment([13, 25, 26], ok(26));
      await context.expectNoObject(session.destination);
      await session.close(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
  {
    id: 'f14-published-at-last-fragment',
    title: 'with publishOn last-fragment the object is there before CLOSE, and CANCEL leaves it',
    section: '6.5, 7.5 F14, 7.7',
    run: async (context) => {
      const session = await context.open(context.destination(context.require('lastFragmentUrl')));
      await session.fragment([0, 25, 26], ok(26));
      await context.expectObject(session.destination, entityBytes(0, 25));
      await session.fragment([0, 25, 26], ok(26));
      await session.cancel(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
  {
    id: 'f-after-close',
    title: 'a FRAGMENT that comes after CLOSE finds no session',
    section: '7.1 C10',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 25, 26], ok(26));
      await session.close(ok());
      await session.fragment([0, 25, 26], notFound);
    },
  },
];

/** 101 of 200 bytes, the step, then the whole file once more: mode O takes what is missing, whatever that is. */
async function worked(context: CaseContext, step: (session: TestSession) => Promise<unknown>): Promise<void> {
  const session = await context.open();
  await session.fragment([0, 100, 200], ok(101));
  await step(session);
  await session.fragment([0, 199, 200], ok(200));
  await session.close(ok());
  await context.expectObject(session.destination, entityBytes(0, 199));
}
