import { basicAuthorization, type PacketType } from '../../support/bits-client/index.ts';
import type { Header } from '../../support/http/message.ts';
import { headerValue } from '../../support/http/message.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import type { Destination } from '../destination.ts';
import { created, denied, disabled, notFound, ok, unauthorized } from '../expectation.ts';
import { demand, NotRunError } from '../failures.ts';
import { entityBytes } from '../test-session.ts';

const PACKETS = ['Ping', 'Create-Session', 'Fragment', 'Close-Session', 'Cancel-Session'] as const;
type Proof = 'none' | 'right' | 'wrong' | 'malformed' | 'other-scheme';

/** Section 7.1, rows C2, C3 and C8: who may talk to a destination. */
export const access: readonly ConformanceCase[] = [
  ...PACKETS.map(
    (type): ConformanceCase => ({
      id: `c2-${type.toLowerCase()}`,
      title: `${type} without credentials is 401 with a challenge, changes nothing and leaves the connection clean`,
      section: '7.1 C2, 8',
      run: (context) => unauthenticated(context, type),
    }),
  ),
  ...(['wrong', 'malformed', 'other-scheme'] as const).map(
    (proof): ConformanceCase => ({
      id: `c2-${proof}`,
      title: `${proof} credentials are 401`,
      section: '7.1 C2',
      run: async (context) => {
        const destination = context.destination(authUrl(context));
        await context.expect(packet(context, destination, 'Create-Session', proof), unauthorized);
        await context.expect(packet(context, destination, 'Ping', 'right'), ok());
      },
    }),
  ),
  {
    id: 'c2-before-c5',
    title: 'credentials are asked for before anything else is said about a packet',
    section: '7.1',
    run: async (context) => {
      const destination = context.destination(authUrl(context));
      const request = packet(context, destination, 'Close-Session', 'none');
      const nonsense = {
        ...request,
        headers: request.headers.filter(([name]) => name !== 'BITS-Packet-Type'),
      };
      await context.expect(nonsense, unauthorized);
    },
  },
  ...PACKETS.map(
    (type): ConformanceCase => ({
      id: `c3-${type.toLowerCase()}`,
      title: `${type} where uploads are disabled is 501`,
      section: '7.1 C3, 8',
      run: async (context) => {
        const destination = context.destination(context.require('disabledUrl'));
        const sessionId = '{00000000-0000-4000-8000-000000000000}';
        const request = context.request(destination, {
          type,
          ...(type === 'Ping' || type === 'Create-Session' ? {} : { sessionId }),
          ...bodyFor(type),
        });
        await context.expect(request, disabled);
      },
    }),
  ),
  {
    id: 'c8-forbidden',
    title: 'a principal that may not upload to a URL is refused with 403',
    section: '7.1 C8, 8',
    run: async (context) => {
      const destination = context.destination(context.require('forbiddenUrl'));
      await context.expect(packet(context, destination, 'Create-Session', 'right'), denied);
    },
  },
];

function authUrl(context: CaseContext): URL {
  const { authUrl: own, credentials, url } = context.options;
  if (credentials === undefined)
    throw new NotRunError('needs --user and --password, and --auth-url if they are not for the main URL');
  return own ?? url;
}

function authorization(context: CaseContext, proof: Proof): readonly Header[] {
  const credentials = context.require('credentials');
  switch (proof) {
    case 'none':
      return [];
    case 'right':
      return [['Authorization', basicAuthorization(credentials)]];
    case 'wrong':
      return [
        ['Authorization', basicAuthorization({ ...credentials, password: `${credentials.password}!` })],
      ];
    case 'malformed':
      return [['Authorization', 'Basic %%%']];
    case 'other-scheme':
      return [['Authorization', 'Bearer abc']];
  }
}

const bodyFor = (type: PacketType) =>
  type === 'Fragment' ? { range: { first: 13, last: 25, total: 26 }, body: entityBytes(13, 25) } : {};

function packet(
  context: CaseContext,
  destination: Destination,
  type: PacketType,
  proof: Proof,
  sessionId?: string,
) {
  return context.request(destination, {
    type,
    sessionId,
    ...bodyFor(type),
    extraHeaders: authorization(context, proof),
  });
}

/** Half a file, the packet without credentials, then the rest with them on the same wire. */
async function unauthenticated(context: CaseContext, type: PacketType): Promise<void> {
  const destination = context.destination(authUrl(context));
  const opening = packet(context, destination, 'Create-Session', 'right');
  const response = await context.expect(opening, created, 'CREATE-SESSION with credentials');
  const id = headerValue(response.headers, 'BITS-Session-Id') ?? '';
  const first = context.request(destination, {
    type: 'Fragment',
    sessionId: id,
    range: { first: 0, last: 12, total: 26 },
    body: entityBytes(0, 12),
    extraHeaders: authorization(context, 'right'),
  });
  await context.expect(first, ok(13), 'the first FRAGMENT');
  const isOfSession = type !== 'Ping' && type !== 'Create-Session';
  const bare = packet(context, destination, type, 'none', isOfSession ? id : undefined);
  const refusal = await context.expect(bare, unauthorized, `${type} without credentials`);
  const challenge = headerValue(refusal.headers, 'WWW-Authenticate') ?? '';
  demand(/^Basic realm="[^"]+"/i.test(challenge), `WWW-Authenticate: ${challenge}`);
  await context.expect(packet(context, destination, 'Fragment', 'right', id), ok(26), 'the second FRAGMENT');
  await context.expect(packet(context, destination, 'Close-Session', 'right', id), ok(), 'CLOSE-SESSION');
  await context.expect(packet(context, destination, 'Close-Session', 'none', id), unauthorized);
  const stranger = packet(context, context.destination(authUrl(context)), 'Close-Session', 'right', id);
  await context.expect(stranger, notFound, 'CLOSE-SESSION at another URL');
}
