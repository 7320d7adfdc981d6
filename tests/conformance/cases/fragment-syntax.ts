import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { withHeader, withoutHeader } from '../edit-request.ts';
import { type Expectation, invalid, ok, tooLarge } from '../expectation.ts';
import { entityBytes, type TestSession } from '../test-session.ts';

const BODY = entityBytes(0, 12);

/** Content-Range values that are malformed whatever the body is. */
const MALFORMED: readonly (readonly [id: string, value: string])[] = [
  ['total-star', 'bytes 0-12/*'],
  ['no-total', 'bytes 0-12'],
  ['no-last', 'bytes 0-/26'],
  ['no-first', 'bytes -12/26'],
  ['other-unit', 'items 0-12/26'],
  ['no-unit', '0-12/26'],
  ['equals-sign', 'bytes=0-12/26'],
  ['no-space', 'bytes0-12/26'],
  ['reversed', 'bytes 12-0/26'],
  ['last-is-total', 'bytes 14-26/26'],
  ['last-past-total', 'bytes 0-12/5'],
  ['hexadecimal', 'bytes 0x0-0xC/0x1A'],
  ['sign', 'bytes +0-12/26'],
  ['fraction', 'bytes 0-12.0/26'],
  ['two-ranges', 'bytes 0-5,6-12/26'],
  ['21-digits', 'bytes 0-12/100000000000000000000'],
  ['trailing-text', 'bytes 0-12/26 x'],
  ['star', 'bytes */26'],
];

/** Content-Range values that say the same as `bytes 0-12/26`. */
const TOLERATED: readonly (readonly [id: string, value: string])[] = [
  ['capital-unit', 'Bytes 0-12/26'],
  ['upper-case-unit', 'BYTES 0-12/26'],
  ['spaces', 'bytes   0 - 12 / 26'],
  ['leading-zeros', 'bytes 000-0012/00000000000000000026'],
];

/** Totals that no server can store: 2^53 + 1, 2^63, 2^64 − 1, twenty nines. */
const ENORMOUS = ['9007199254740993', '9223372036854775808', '18446744073709551615', '99999999999999999999'];

/** Section 7.5, rows F1 to F5: what a FRAGMENT's headers have to be. The session must survive each refusal. */
export const fragmentSyntax: readonly ConformanceCase[] = [
  {
    id: 'f1-missing',
    title: 'FRAGMENT without Content-Range is malformed; the Ack has the offset all the same',
    section: '7.5 F1',
    run: (context) =>
      survives(context, invalid(13), (session) =>
        withoutHeader(session.fragmentRequest([13, 25, 26]), 'Content-Range'),
      ),
  },
  ...MALFORMED.map(
    ([id, value]): ConformanceCase => ({
      id: `f1-${id}`,
      title: `Content-Range ${JSON.stringify(value)} is malformed`,
      section: '3, 7.5 F1',
      run: (context) =>
        survives(context, invalid(13), (session) =>
          session.request('Fragment', { rangeText: value, body: BODY }),
        ),
    }),
  ),
  ...TOLERATED.map(
    ([id, value]): ConformanceCase => ({
      id: `f1-${id}`,
      title: `Content-Range ${JSON.stringify(value)} is understood`,
      section: '3, 7.5 F1',
      run: async (context) => {
        const session = await context.open();
        await session.fragmentAsIs(value, BODY, ok(13));
      },
    }),
  ),
  ...[
    ['body-longer', 'bytes 13-23/26'],
    ['body-shorter', 'bytes 11-25/26'],
  ].map(
    ([id = '', value = '']): ConformanceCase => ({
      id: `f2-${id}`,
      title: `a body of 13 bytes under Content-Range ${value} is malformed`,
      section: '7.5 F2',
      run: (context) =>
        survives(context, invalid(13), (session) =>
          session.request('Fragment', { rangeText: value, body: BODY }),
        ),
    }),
  ),
  {
    id: 'f2-empty-body',
    title: 'a FRAGMENT without body is malformed, unless the file is empty',
    section: '7.5 F2',
    run: (context) =>
      survives(context, invalid(13), (session) =>
        session.request('Fragment', { rangeText: 'bytes 13-25/26' }),
      ),
  },
  ...ENORMOUS.map(
    (total): ConformanceCase => ({
      id: `f3-${total}`,
      title: `a total of ${total} is too large for any server, parsed without rounding`,
      section: '3.3, 7.5 F3',
      run: async (context) => {
        const session = await context.open();
        await session.fragmentAsIs(`bytes 0-12/${total}`, BODY, tooLarge(0));
        await session.fragment([0, 25, 26], ok(26));
      },
    }),
  ),
  {
    id: 'f3-maximum',
    title: 'a total of the maximum is accepted, one byte more is too large',
    section: '7.5 F3',
    run: async (context) => {
      const maximum = context.require('maxUploadSizeBytes');
      const session = await context.open();
      await session.fragment([0, 12, maximum + 1], tooLarge(0));
      await session.fragment([0, 12, maximum], ok(13));
    },
  },
  {
    id: 'f2-before-f3',
    title: 'a wrong length is found before a total that is too large',
    section: '7.5',
    run: async (context) => {
      const session = await context.open();
      await session.fragmentAsIs('bytes 0-13/18446744073709551615', BODY, invalid(0));
    },
  },
  {
    id: 'f3-before-f4',
    title: 'a total that is too large is found before a total that has changed',
    section: '7.5',
    run: (context) =>
      survives(context, tooLarge(13), (session) =>
        session.request('Fragment', { rangeText: 'bytes 13-25/18446744073709551615', body: BODY }),
      ),
  },
  ...[25 + 2, 1_000].map(
    (total): ConformanceCase => ({
      id: `f4-total-${total}`,
      title: `a total of ${total} after one of 26 is malformed`,
      section: '7.5 F4',
      run: (context) => survives(context, invalid(13), (session) => session.fragmentRequest([13, 25, total])),
    }),
  ),
  {
    id: 'f4-before-f8',
    title: 'a changed total is found before a gap',
    section: '7.5',
    run: (context) => survives(context, invalid(13), (session) => session.fragmentRequest([20, 25, 27])),
  },
  ...['gzip', 'deflate', 'x-unknown'].map(
    (coding): ConformanceCase => ({
      id: `f5-${coding}`,
      title: `Content-Encoding: ${coding} is refused`,
      section: '7.5 F5',
      run: (context) =>
        survives(context, invalid(13), (session) =>
          withHeader(session.fragmentRequest([13, 25, 26]), 'Content-Encoding', coding),
        ),
    }),
  ),
  {
    id: 'f5-identity',
    title: 'Content-Encoding: identity is accepted',
    section: '7.5 F5',
    run: async (context) => {
      const session = await context.open();
      const fragment = session.fragmentRequest([0, 25, 26]);
      await context.expect(withHeader(fragment, 'Content-Encoding', 'identity'), ok(26));
    },
  },
];

/** Half a file is there; the packet is refused as expected; the rest still completes the file, bytes untouched. */
async function survives(
  context: CaseContext,
  expectation: Expectation,
  build: (session: TestSession) => ReturnType<TestSession['request']>,
): Promise<void> {
  const session = await context.open();
  await session.fragment([0, 12, 26], ok(13));
  await context.expect(build(session), expectation, 'the refused FRAGMENT');
  await session.fragment([13, 25, 26], ok(26));
  await session.close(ok());
  await context.expectObject(session.destination, entityBytes(0, 25));
}
