import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { fragmentTooLarge, gap, ok } from '../expectation.ts';
import { demand } from '../failures.ts';
import { entityBytes, type TestSession } from '../test-session.ts';

const COPIES = 4;

/** Section 7.5, rows F6, F10 and F12: bodies that are too large, cut short, lost or sent twice at once. */
export const fragmentDelivery: readonly ConformanceCase[] = [
  {
    id: 'f6-limit',
    title: 'a FRAGMENT of the limit passes; one byte more is 413 and changes nothing; half of it passes',
    section: '7.5 F6, 8',
    isLarge: true,
    run: async (context) => {
      const limit = context.require('fragmentLimitBytes');
      const total = 3 * limit;
      const session = await context.open();
      await session.fragment([0, limit, total], fragmentTooLarge(0));
      await session.fragment([0, limit - 1, total], ok(limit));
      await session.fragment([limit, 2 * limit, total], fragmentTooLarge(limit));
      await session.fragment([limit, limit + (limit >> 1), total], ok(limit + (limit >> 1) + 1));
    },
  },
  {
    id: 'f10-cut',
    title: 'a body that is cut short stores nothing and is not acknowledged',
    section: '7.5 F10',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 26], ok(13));
      await context.wire.truncate(session.fragmentRequest([13, 25, 26]), 6, 'cut');
      await stillExpects13(session);
    },
  },
  {
    id: 'f10-half-closed',
    title: 'a body that ends early on a connection that still listens: 416 with the offset, or no answer',
    section: '7.5 F10',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 26], ok(13));
      const request = session.fragmentRequest([13, 25, 26]);
      const response = await context.wire.truncate(request, 6, 'half-close');
      if (response?.status === 400 || response?.status === 408) {
        context.note(`a front end answered ${response.status}`);
      } else if (response !== undefined) {
        context.check(request, response, gap(13), 'half a FRAGMENT');
      }
      await stillExpects13(session);
    },
  },
  {
    id: 'f-lost-ack',
    title:
      'a FRAGMENT whose Ack is lost can be sent again: the offset is behind it, the bytes are there once',
    section: '7.5 F9, 7.8',
    run: async (context) => {
      const session = await context.open();
      for (const [first, last] of [
        [0, 12],
        [13, 25],
      ] as const) {
        await context.wire.sendAndCut(session.fragmentRequest([first, last, 26]));
        await session.fragment([first, last, 26], ok(last + 1));
      }
      await session.close(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
  {
    id: 'f12-parallel',
    title: `the same FRAGMENT ${COPIES} times at once: one writer, every answer 200 with the same offset`,
    section: '7.5 F12',
    run: async (context) => {
      const session = await context.open();
      await inParallel(context, session, 0, 12);
      await inParallel(context, session, 13, 25);
      await session.close(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
  {
    id: 'f12-parallel-overlap',
    title: 'two FRAGMENTs that overlap at once: the offset never goes back, the bytes are the right ones',
    section: '7.5 F12',
    run: async (context) => {
      const session = await context.open();
      const wires = await context.newWires(2);
      const responses = await Promise.all(
        wires.map((wire, at) => wire.exchange(session.fragmentRequest([0, at === 0 ? 12 : 19, 26]))),
      );
      for (const response of responses) demand(response.status === 200, `answered ${response.status}`);
      await session.fragment([0, 19, 26], ok(20));
      await session.fragment([20, 25, 26], ok(26));
      await session.close(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
  {
    id: 'close-parallel',
    title: 'CLOSE twice at once: both 200, one object',
    section: '7.6',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 25, 26], ok(26));
      const request = session.request('Close-Session');
      const wires = await context.newWires(2);
      await Promise.all(wires.map((wire) => context.expect(request, ok(), 'CLOSE-SESSION', wire)));
      session.isEnded = true;
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
];

async function inParallel(
  context: CaseContext,
  session: TestSession,
  first: number,
  last: number,
): Promise<void> {
  const wires = await context.newWires(COPIES);
  await Promise.all(wires.map((wire) => session.fragment([first, last, 26], ok(last + 1), wire)));
}

/** The server holds 13 bytes, and the rest of the file completes it. */
async function stillExpects13(session: TestSession): Promise<void> {
  await session.fragment([20, 25, 26], gap(13));
  await session.fragment([13, 25, 26], ok(26));
}
