import type { PacketType } from '../../support/bits-client/index.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { withHeader, withoutHeader } from '../edit-request.ts';
import { invalid, notFound, ok } from '../expectation.ts';
import { entityBytes } from '../test-session.ts';

const SESSION_PACKETS = ['Fragment', 'Close-Session', 'Cancel-Session'] as const;

/** Session ids that no server issued; all of them are unknown, however odd they look. */
const ODD_IDS: readonly (readonly [id: string, value: string])[] = [
  ['unknown-guid', '{00000000-0000-4000-8000-000000000000}'],
  ['no-guid', 'session-1'],
  ['half-braced', '{00000000-0000-4000-8000-000000000000'],
  ['100-characters', 'x'.repeat(100)],
  ['101-characters', 'x'.repeat(101)],
  ['with-space', 'two words'],
  ['punctuation', '../../etc/%00"\'<>'],
  ['latin-1', 'sitzung-\u00e4'],
];

/** Section 7.1 C10, 7.3 and the echo rule of 3.2: which packets see a session. */
export const sessions: readonly ConformanceCase[] = [
  ...ODD_IDS.map(
    ([id, sessionId]): ConformanceCase => ({
      id: `c10-${id}`,
      title: `session id ${JSON.stringify(sessionId.length > 40 ? `${sessionId.length} × x` : sessionId)} is simply unknown`,
      section: '3.2, 7.1 C10',
      run: async (context) => {
        for (const type of SESSION_PACKETS) {
          const request = context.request(context.destination(), { type, sessionId, ...bodyFor(type) });
          await context.expect(request, notFound, type);
        }
      },
    }),
  ),
  ...SESSION_PACKETS.map(
    (type): ConformanceCase => ({
      id: `c10-foreign-url-${type.toLowerCase()}`,
      title: `${type} with a real session id at another URL finds no session, and does it no harm`,
      section: '7.1 C10',
      run: async (context) => {
        const session = await context.open();
        await session.fragment([0, 12, 26], ok(13));
        const foreign = context.request(context.destination(), {
          type,
          sessionId: session.id,
          ...bodyFor(type),
        });
        await context.expect(foreign, notFound);
        await session.fragment([13, 25, 26], ok(26));
        await session.close(ok());
        await context.expectObject(session.destination, entityBytes(0, 25));
      },
    }),
  ),
  {
    id: 'c10-foreign-url-tombstone',
    title: 'a closed session cannot be seen from another URL either',
    section: '7.1 C10, 7.6',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 25, 26], ok(26));
      await session.close(ok());
      for (const type of ['Close-Session', 'Cancel-Session'] as const) {
        const foreign = context.request(context.destination(), { type, sessionId: session.id });
        await context.expect(foreign, notFound, type);
      }
    },
  },
  {
    id: 'c10-same-url-other-spelling',
    title: 'the same URL spelled with escapes, a capital host or as a whole is the same URL',
    section: '7.1 C10',
    run: sameUrl,
  },
  {
    id: 'url-with-query',
    title: 'a URL with a query works; the query belongs to the session, not to the name of the object',
    section: '2, 7.1 C10',
    run: async (context) => {
      const plain = context.destination();
      const session = await context.open({ ...plain, target: `${plain.target}?job=1&what=%7B%7D` });
      await session.fragment([0, 12, 26], ok(13));
      const elsewhere = context.request(plain, { type: 'Cancel-Session', sessionId: session.id });
      await context.expect(elsewhere, notFound, 'CANCEL-SESSION without the query');
      await session.fragment([13, 25, 26], ok(26));
      await session.close(ok());
      await context.expectObject(plain, entityBytes(0, 25));
    },
  },
  {
    id: 'expect-continue',
    title: 'Expect: 100-continue is answered in passing and changes nothing',
    section: '2',
    run: async (context) => {
      const session = await context.open();
      const request = withHeader(session.fragmentRequest([0, 25, 26]), 'Expect', '100-continue');
      await context.expect(request, ok(26));
      await session.close(ok());
      await context.expectObject(session.destination, entityBytes(0, 25));
    },
  },
  {
    id: 'c10-before-f1',
    title: 'an unknown session is found before a malformed Content-Range',
    section: '7.1',
    run: async (context) => {
      const sessionId = '{00000000-0000-4000-8000-000000000000}';
      const request = context.request(context.destination(), {
        type: 'Fragment',
        sessionId,
        rangeText: 'nonsense',
        body: entityBytes(0, 12),
      });
      await context.expect(request, notFound);
      await context.expect(withoutHeader(request, 'BITS-Packet-Type'), invalid(), 'without a packet type');
    },
  },
  {
    id: 'ping-plain',
    title: 'PING is 200, with no session id in the answer when there was none in the question',
    section: '7.3',
    run: async (context) => {
      await context.expect(context.request(context.destination(), { type: 'Ping' }), ok());
    },
  },
  {
    id: 'ping-unknown-session',
    title: 'PING looks up no session: an unknown id is echoed and forgotten',
    section: '7.3',
    run: async (context) => {
      const sessionId = '{00000000-0000-4000-8000-00000000ABCD}';
      await context.expect(context.request(context.destination(), { type: 'Ping', sessionId }), ok());
    },
  },
  {
    id: 'connection-kept',
    title: 'one connection carries a session from CREATE to CLOSE, refusals included',
    section: '2, 4',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 26], ok(13));
      await context.expect(withHeader(session.request('Ping'), 'BITS-Packet-Type', 'Nothing'), invalid());
      await context.expect(session.request('Ping'), ok());
      await session.fragment([13, 25, 26], ok(26));
      await session.close(ok());
    },
  },
];

const bodyFor = (type: PacketType) =>
  type === 'Fragment' ? { range: { first: 13, last: 25, total: 26 }, body: entityBytes(13, 25) } : {};

async function sameUrl(context: CaseContext): Promise<void> {
  const session = await context.open();
  const { target, url } = session.destination;
  const at = (spelledTarget: string, host = url.host) => {
    const fragment = { type: 'Fragment', sessionId: session.id } as const;
    return (first: number, last: number) =>
      withHeader(
        context.request(
          { url, target: spelledTarget },
          { ...fragment, range: { first, last, total: 26 }, body: entityBytes(first, last) },
        ),
        'Host',
        host,
      );
  };
  const escapedLetter = target.replace(/.(?=\.bin$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  await context.expect(at(escapedLetter)(0, 4), ok(5), 'a letter escaped');
  await context.expect(at(target, url.host.toUpperCase())(5, 9), ok(10), 'the host in upper case');
  await context.expect(at(`${url.origin}${target}`)(10, 14), ok(15), 'the whole URL as target');
  const other = at(`${target}?version=2`)(15, 25);
  await context.expect(other, notFound, 'another query is another URL');
  await session.fragment([15, 25, 26], ok(26));
  await session.close(ok());
  await context.expectObject(session.destination, entityBytes(0, 25));
}
