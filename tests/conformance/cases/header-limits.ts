import { UPLOAD_PROTOCOL } from '../../support/bits-client/index.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { withAnotherHeader, withHeader } from '../edit-request.ts';
import { created, invalid, notFound, ok, orBare } from '../expectation.ts';
import { demand } from '../failures.ts';

const MAX_HEADER_BYTES = 4_096;

/** A protocol list of exactly so many bytes that contains the one protocol. */
const protocolList = (bytes: number) => `${UPLOAD_PROTOCOL}${','.repeat(bytes - UPLOAD_PROTOCOL.length)}`;

/** Section 2 and row C4: header values of up to 4,096 bytes, no two that differ. */
export const headerLimits: readonly ConformanceCase[] = [
  {
    id: 'c4-4096-content-name',
    title: 'a Content-Name of 4,096 bytes passes',
    section: '2, 7.1 C4',
    run: async (context) => {
      const session = await context.open();
      const fragment = withHeader(
        session.fragmentRequest([0, 25, 26]),
        'Content-Name',
        'n'.repeat(MAX_HEADER_BYTES),
      );
      await context.expect(fragment, ok(26));
    },
  },
  {
    id: 'c4-4097-content-name',
    title: 'a Content-Name of 4,097 bytes fails and stores nothing',
    section: '2, 7.1 C4',
    run: async (context) => {
      const session = await context.open();
      const name = 'n'.repeat(MAX_HEADER_BYTES + 1);
      const fragment = withHeader(session.fragmentRequest([0, 25, 26]), 'Content-Name', name);
      await context.expect(fragment, orBare(invalid(), 400, 431));
      await session.fragment([0, 12, 26], ok(13));
    },
  },
  {
    id: 'c4-4096-protocols',
    title: 'BITS-Supported-Protocols of 4,096 bytes passes',
    section: '2, 7.1 C4',
    run: (context) => createWith(context, 'BITS-Supported-Protocols', protocolList(MAX_HEADER_BYTES), true),
  },
  {
    id: 'c4-4097-protocols',
    title: 'BITS-Supported-Protocols of 4,097 bytes fails',
    section: '2, 7.1 C4',
    run: (context) =>
      createWith(context, 'BITS-Supported-Protocols', protocolList(MAX_HEADER_BYTES + 1), false),
  },
  {
    id: 'c4-4097-unknown-bits-header',
    title: 'the limit holds for every BITS header, also one that nobody knows',
    section: '2, 7.1 C4',
    run: (context) => createWith(context, 'BITS-Something', 'b'.repeat(MAX_HEADER_BYTES + 1), false),
  },
  {
    id: 'c4-custom-header',
    title: 'the limit does not hold for headers that the caller of the client defined',
    section: '2',
    run: (context) => createWith(context, 'X-Caller', 'c'.repeat(MAX_HEADER_BYTES + 1), true),
  },
  {
    id: 'c4-4096-session-id',
    title: 'a session id of 4,096 bytes is an unknown session, and is not echoed',
    section: '3.2, 7.1 C4, C10',
    run: (context) => cancelUnknown(context, MAX_HEADER_BYTES, notFound),
  },
  {
    id: 'c4-4097-session-id',
    title: 'a session id of 4,097 bytes is malformed, before the session is looked for',
    section: '7.1 C4',
    run: (context) => cancelUnknown(context, MAX_HEADER_BYTES + 1, orBare(invalid(), 400, 431)),
  },
  ...[
    ['BITS-Session-Id', '{00000000-0000-4000-8000-000000000000}'],
    ['Content-Range', 'bytes 0-12/27'],
    ['BITS-Packet-Type', 'Cancel-Session'],
  ].map(([name = '', value = '']) => conflict(name, value)),
  {
    id: 'c4-two-content-lengths',
    title: 'two differing Content-Length headers never make a packet',
    section: '2, 7.1 C4',
    run: async (context) => {
      const session = await context.open();
      const doubled = withAnotherHeader(session.fragmentRequest([0, 12, 26]), 'Content-Length', '14');
      await context.expect(doubled, orBare({ ...invalid(), offset: undefined }, 400));
      context.wire.close();
      await session.fragment([0, 12, 26], ok(13));
    },
  },
];

async function createWith(context: CaseContext, name: string, value: string, passes: boolean): Promise<void> {
  const destination = context.destination();
  const request = withHeader(context.request(destination, { type: 'Create-Session' }), name, value);
  const response = await context.expect(request, passes ? created : orBare(invalid(), 400, 431));
  const id = response.headers.find(([header]) => header.toLowerCase() === 'bits-session-id')?.[1];
  if (id !== undefined) context.adopt(destination, id);
}

async function cancelUnknown(
  context: CaseContext,
  idBytes: number,
  expectation: typeof notFound,
): Promise<void> {
  const sessionId = 'i'.repeat(idBytes);
  await context.expect(
    context.request(context.destination(), { type: 'Cancel-Session', sessionId }),
    expectation,
  );
}

function conflict(name: string, value: string): ConformanceCase {
  return {
    id: `c4-two-${name.toLowerCase()}`,
    title: `two differing ${name} headers are malformed, where the hosting layer shows both`,
    section: '2, 7.1 C4',
    run: async (context) => {
      const session = await context.open();
      const request = withAnotherHeader(session.fragmentRequest([0, 12, 26]), name, value);
      const response = await context.wire.exchange(request);
      if (response.status === 400) return;
      // One of the two was hidden on the way: then the answer is that to the packet with the other one.
      const hidden = [200, 400, 416, 500];
      demand(hidden.includes(response.status), `answered ${response.status}`);
      context.note(`the hosting layer hid one of the two (${response.status})`);
    },
  };
}
