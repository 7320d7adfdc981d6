import type { ConformanceCase } from '../case.ts';
import { denied, invalid, notFound, ok } from '../expectation.ts';
import { entityBytes } from '../test-session.ts';
import { upload } from './create.ts';

const UNKNOWN_ID = '{00000000-0000-4000-8000-000000000000}';

/** Sections 7.6 and 7.7: CLOSE and CANCEL in every state of a session. */
export const endings: readonly ConformanceCase[] = [
  {
    id: 'close-three-times',
    title: 'CLOSE three times: 200 each time, one object',
    section: '7.6, 7.8',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 25, 26], ok(26));
      for (let time = 1; time <= 3; time++) await session.close(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
  {
    id: 'close-early',
    title: 'CLOSE of half a file is 400, again and again; nothing is published and the session is gone',
    section: '7.6',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 26], ok(13));
      await session.close(invalid());
      await session.close(invalid(), 'CLOSE-SESSION again');
      await session.fragment([13, 25, 26], notFound);
      await context.expectNoObject(session.destination);
      await session.cancel(ok(), 'CANCEL-SESSION after an early CLOSE');
    },
  },
  {
    id: 'close-taken-meanwhile',
    title:
      'of two complete uploads to one name the second CLOSE is 403, again and again; the first object stays',
    section: '7.6',
    run: async (context) => {
      const destination = context.destination();
      const first = await context.open(destination);
      const second = await context.open(destination);
      await first.fragment([0, 25, 26], ok(26));
      await second.fragment([0, 39, 40], ok(40));
      await first.close(ok());
      await second.close(denied);
      await second.close(denied, 'CLOSE-SESSION again');
      await first.close(ok(), "the first session's CLOSE again");
      await context.expectObject(destination, entityBytes(0, 25));
      await second.cancel(ok(), 'CANCEL-SESSION after a refused CLOSE');
    },
  },
  {
    id: 'close-unknown',
    title: 'CLOSE of an unknown session is 500, BG_E_SESSION_NOT_FOUND',
    section: '7.6',
    run: async (context) => {
      const request = { type: 'Close-Session', sessionId: UNKNOWN_ID } as const;
      await context.expect(context.request(context.destination(), request), notFound);
    },
  },
  {
    id: 'close-after-cancel',
    title: 'CLOSE after CANCEL is 200 and publishes nothing',
    section: '7.6',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 25, 26], ok(26));
      await session.cancel(ok());
      await session.close(ok(), 'CLOSE-SESSION after CANCEL-SESSION');
      await context.expectNoObject(session.destination);
    },
  },
  {
    id: 'cancel-three-times',
    title: 'CANCEL three times: 200 each time; a stray FRAGMENT finds no session',
    section: '7.7, 7.8',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 26], ok(13));
      for (let time = 1; time <= 3; time++) await session.cancel(ok());
      await session.fragment([13, 25, 26], notFound);
      await context.expectNoObject(session.destination);
    },
  },
  {
    id: 'cancel-fresh',
    title: 'CANCEL of a session without bytes is 200',
    section: '7.7',
    run: async (context) => {
      const session = await context.open();
      await session.cancel(ok());
      await context.expectNoObject(session.destination);
    },
  },
  {
    id: 'cancel-stored',
    title: 'CANCEL of a complete upload before CLOSE discards it',
    section: '6.5, 7.7',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 25, 26], ok(26));
      await session.cancel(ok());
      await context.expectNoObject(session.destination);
    },
  },
  {
    id: 'cancel-after-close',
    title: 'CANCEL after CLOSE is 200 and the object stays',
    section: '7.7',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 25, 26], ok(26));
      await session.close(ok());
      await session.cancel(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
  {
    id: 'cancel-unknown',
    title: 'CANCEL of an unknown session is 500, BG_E_SESSION_NOT_FOUND',
    section: '7.7',
    run: async (context) => {
      const request = { type: 'Cancel-Session', sessionId: UNKNOWN_ID } as const;
      await context.expect(context.request(context.destination(), request), notFound);
    },
  },
  {
    id: 'cancel-frees-name',
    title: 'after CANCEL the name can be uploaded to again',
    section: '7.7',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 40], ok(13));
      await session.cancel(ok());
      await upload(context, session.destination);
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
];
