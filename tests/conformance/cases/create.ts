import { oddCase, UPLOAD_PROTOCOL, upperCase, withoutBraces } from '../../support/bits-client/index.ts';
import { headerValue } from '../../support/http/message.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import type { Destination } from '../destination.ts';
import { withHeader, withoutHeader } from '../edit-request.ts';
import { created, denied, type Expectation, invalid, ok, orBare, unavailable } from '../expectation.ts';
import { demand } from '../failures.ts';
import { entityBytes } from '../test-session.ts';

/** A protocol id that is not the BITS 1.5 upload protocol. */
const other = (number: number) => `{00000000-0000-0000-0000-${number.toString(16).padStart(12, '0')}}`;
const others = (count: number) => Array.from({ length: count }, (_, at) => other(at + 1));

const PROTOCOL_LISTS: readonly (readonly [id: string, title: string, list: string, passes: boolean])[] = [
  ['single', 'one id', UPLOAD_PROTOCOL, true],
  ['comma', 'a list with commas', [other(1), UPLOAD_PROTOCOL].join(','), true],
  ['space', 'a list with spaces', [other(1), UPLOAD_PROTOCOL].join(' '), true],
  ['mixed', 'a list with both, several at once', `${other(1)} , ${other(2)},,  ${UPLOAD_PROTOCOL}`, true],
  ['tab', 'a list with tabs', `${other(1)}\t${UPLOAD_PROTOCOL}\t${other(2)}`, true],
  ['first', 'the right one first', [UPLOAD_PROTOCOL, other(1)].join(' '), true],
  ['no-braces', 'an id without braces', withoutBraces(UPLOAD_PROTOCOL), true],
  ['upper-case', 'an id in upper case', upperCase(UPLOAD_PROTOCOL), true],
  ['odd-case', 'an id in mixed case', oddCase(UPLOAD_PROTOCOL), true],
  ['hundredth', '100 ids, the right one last', [...others(99), UPLOAD_PROTOCOL].join(' '), true],
  ['hundred-first', '101 ids, the right one last', [...others(100), UPLOAD_PROTOCOL].join(' '), false],
  ['unknown', 'an unknown id', other(1), false],
  ['no-guid', 'no id at all', 'BITS', false],
  ['part-of-id', 'an id with one digit missing', UPLOAD_PROTOCOL.replace('1}', '}'), false],
  ['longer-id', 'an id with one digit more', UPLOAD_PROTOCOL.replace('}', '1}'), false],
];

/** Path ends that name no legal object; a front end may refuse the raw ones by itself. */
const BAD_NAMES: readonly (readonly [id: string, title: string, name: string])[] = [
  ['directory', 'a directory', ''],
  ['sub-directory', 'a directory below the prefix', 'folder/'],
  ['dot-dot-escaped', 'an escaped .. segment', '%2e%2e/x.bin'],
  ['dot-dot', 'a .. segment', 'a/../x.bin'],
  ['dot', 'a . segment', './x.bin'],
  ['nul', 'a NUL', 'a%00b.bin'],
  ['control', 'a control character', 'a%0Ab.bin'],
  ['backslash', 'a backslash', 'a%5Cb.bin'],
  ['bad-escape', 'a percent sign without digits', 'a%zz.bin'],
];

/** Section 7.4. */
export const create: readonly ConformanceCase[] = [
  {
    id: 'k1-no-protocols',
    title: 'CREATE without BITS-Supported-Protocols is malformed',
    section: '7.4 K1',
    run: async (context) => {
      const request = context.request(context.destination(), { type: 'Create-Session' });
      await context.expect(withoutHeader(request, 'BITS-Supported-Protocols'), invalid());
    },
  },
  ...PROTOCOL_LISTS.map(
    ([id, title, list, passes]): ConformanceCase => ({
      id: `k1-protocols-${id}`,
      title: `BITS-Supported-Protocols with ${title} ${passes ? 'is understood' : 'has nothing in common'}`,
      section: '3, 7.4 K1',
      run: (context) => createAt(context, context.destination(), passes ? created : invalid(), list),
    }),
  ),
  ...BAD_NAMES.map(
    ([id, title, name]): ConformanceCase => ({
      id: `k2-${id}`,
      title: `${title} is no destination`,
      section: '7.4 K2, 11',
      run: (context) => {
        const { url } = context.options;
        const expectation = orBare(invalid(), 400, 403, 404);
        return createAt(context, { url, target: `${url.pathname}${name}` }, expectation);
      },
    }),
  ),
  {
    id: 'k3-exists',
    title: 'a destination that exists is refused with 403, not 409',
    section: '7.4 K3',
    run: async (context) => {
      const destination = await upload(context, context.destination());
      await createAt(context, destination, denied);
    },
  },
  {
    id: 'k3-overwrite',
    title: 'with overwriting allowed the object is replaced at CLOSE',
    section: '7.4 K3',
    run: async (context) => {
      const destination = context.destination(context.require('overwriteUrl'));
      await upload(context, destination);
      const session = await context.open(destination);
      await session.fragment([0, 51, 52], ok(52));
      await context.expectBytes(destination, entityBytes(0, 25));
      await session.close(ok());
      await context.expectBytes(destination, entityBytes(0, 51));
    },
  },
  {
    id: 'k4-quota',
    title: 'one session more than the quota is 503, and possible again after a CANCEL',
    section: '7.4 K4',
    run: async (context) => {
      const quota = context.require('sessionQuota');
      const sessions = [];
      for (let count = 0; count < quota; count++) {
        const session = await context.open();
        // A server may leave out sessions that have nothing yet.
        await session.fragment([0, 12, 26], ok(13));
        sessions.push(session);
      }
      await createAt(context, context.destination(), unavailable);
      await sessions[0]?.cancel(ok());
      await context.open();
    },
  },
  {
    id: 'k5-repeated-create',
    title: 'CREATE repeated gives another, independent session',
    section: '7.4, 7.8',
    run: async (context) => {
      const destination = context.destination();
      const first = await context.open(destination);
      const second = await context.open(destination);
      demand(first.id !== second.id, `the session ${first.id} was handed out twice`);
      await first.fragment([0, 12, 26], ok(13));
      await second.fragment([0, 4, 40], ok(5));
      await first.cancel(ok());
      await second.fragment([5, 39, 40], ok(40));
      await second.close(ok());
      await context.expectObject(destination, entityBytes(0, 39));
    },
  },
];

/** Uploads the 26 bytes of the alphabet in one session. */
export async function upload(context: CaseContext, destination: Destination): Promise<Destination> {
  const session = await context.open(destination);
  await session.fragment([0, 25, 26], ok(26));
  await session.close(ok());
  return destination;
}

async function createAt(
  context: CaseContext,
  destination: Destination,
  expectation: Expectation,
  protocols = UPLOAD_PROTOCOL,
): Promise<void> {
  const request = context.request(destination, { type: 'Create-Session' });
  const response = await context.expect(
    withHeader(request, 'BITS-Supported-Protocols', protocols),
    expectation,
    'CREATE-SESSION',
  );
  const id = headerValue(response.headers, 'BITS-Session-Id');
  if (id !== undefined) context.adopt(destination, id);
}
