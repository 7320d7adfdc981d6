import type { ConformanceCase } from '../case.ts';
import { invalid, ok } from '../expectation.ts';
import { entityBytes } from '../test-session.ts';

const EMPTY = new Uint8Array();

/** Section 7.5, Z1 and Z2: files of no bytes, for which no client's behaviour is published. */
export const zeroLength: readonly ConformanceCase[] = [
  ...[
    ['0-0', 'bytes 0-0/0'],
    ['star', 'bytes */0'],
    ['minus-one', 'bytes 0--1/0'],
  ].map(
    ([id = '', rangeText = '']): ConformanceCase => ({
      id: `z1-${id}`,
      title: `an empty FRAGMENT with ${rangeText} completes an empty file`,
      section: '7.5 Z1',
      run: async (context) => {
        const session = await context.open();
        await session.fragmentAsIs(rangeText, EMPTY, ok(0));
        await session.fragmentAsIs(rangeText, EMPTY, ok(0));
        await session.close(ok());
        await context.expectObject(session.destination, EMPTY);
      },
    }),
  ),
  {
    id: 'z1-after-bytes',
    title: 'an empty FRAGMENT with a total of 0 after real bytes is a changed total',
    section: '7.5 Z1, F4',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 26], ok(13));
      await session.fragmentAsIs('bytes 0-0/0', EMPTY, invalid(13));
      await session.fragment([13, 25, 26], ok(26));
    },
  },
  {
    id: 'z2-close-at-once',
    title: 'CLOSE of a session without any FRAGMENT publishes an empty object',
    section: '7.5 Z2, 7.6',
    run: async (context) => {
      const session = await context.open();
      await session.close(ok());
      await session.close(ok(), 'CLOSE-SESSION again');
      await context.expectObject(session.destination, EMPTY);
    },
  },
  {
    id: 'z2-never-empties',
    title: 'CLOSE without any FRAGMENT is 400 where an object has appeared meanwhile',
    section: '7.5 Z2',
    run: async (context) => {
      const destination = context.destination();
      const first = await context.open(destination);
      const second = await context.open(destination);
      await first.fragment([0, 25, 26], ok(26));
      await first.close(ok());
      await second.close(invalid());
      await context.expectObject(destination, entityBytes(0, 25));
    },
  },
  {
    id: 'z2-never-empties-overwrite',
    title: 'not even where overwriting is allowed: a lost upload must not empty a good file',
    section: '7.5 Z2',
    run: async (context) => {
      const destination = context.destination(context.require('overwriteUrl'));
      const first = await context.open(destination);
      await first.fragment([0, 25, 26], ok(26));
      await first.close(ok());
      const second = await context.open(destination);
      await second.close(invalid());
      await context.expectBytes(destination, entityBytes(0, 25));
    },
  },
];
