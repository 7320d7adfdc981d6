import {
  lowerCase,
  oddCase,
  type PacketType,
  packetRequest,
  type Spelling,
  upperCase,
  withoutBraces,
} from '../../support/bits-client/index.ts';
import type { HttpRequest } from '../../support/http/message.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { created, ok } from '../expectation.ts';
import { entityBytes, type TestSession } from '../test-session.ts';

const asItIs = (text: string) => text;

/** How a whole upload is spelled; what is not named stays as published. */
const SPELLINGS: readonly (readonly [id: string, title: string, spelling: Partial<Spelling>])[] = [
  ['type-upper', 'packet types in upper case', { packetType: upperCase }],
  ['type-lower', 'packet types in lower case', { packetType: lowerCase }],
  ['type-odd', 'packet types in mixed case (FrAgMeNt)', { packetType: oddCase }],
  ['headers-lower', 'header names in lower case', { headerName: lowerCase }],
  ['headers-upper', 'header names in upper case', { headerName: upperCase }],
  ['unit-capital', 'range unit Bytes', { rangeUnit: () => 'Bytes' }],
  ['unit-upper', 'range unit BYTES', { rangeUnit: upperCase }],
  ['id-lower', 'session id in lower case', { sessionId: lowerCase }],
  ['id-upper', 'session id in upper case', { sessionId: upperCase }],
  ['id-no-braces', 'session id without braces', { sessionId: withoutBraces }],
  [
    'id-no-braces-lower',
    'session id without braces, in lower case',
    { sessionId: (id) => lowerCase(withoutBraces(id)) },
  ],
  ['protocol-no-braces', 'protocol id without braces', { protocols: withoutBraces }],
  ['protocol-upper', 'protocol id in upper case', { protocols: upperCase }],
  [
    'everything',
    'everything at once',
    { packetType: oddCase, headerName: oddCase, rangeUnit: oddCase, sessionId: oddCase, protocols: oddCase },
  ],
];

/** Section 3.1 and 3.2: what is compared without regard to letter case, and braces. Echoes stay verbatim. */
export const spelling: readonly ConformanceCase[] = [
  ...SPELLINGS.map(
    ([id, title, partial]): ConformanceCase => ({
      id: `spelling-${id}`,
      title: `an upload with ${title}; the id comes back as it was sent`,
      section: '3.1, 3.2',
      run: (context) => uploadSpelled(context, partial),
    }),
  ),
  {
    id: 'spelling-content-name',
    title: 'Content-Name is ignored, with whichever packet it comes',
    section: '4, 16',
    run: async (context) => {
      const name = { contentName: 'C:\\somewhere\\else.bin' };
      const destination = context.destination();
      await context.expect(context.request(destination, { type: 'Ping', ...name }), ok());
      const session = await context.open(destination);
      await context.expect(session.request('Fragment', { ...name, ...part(0, 12) }), ok(13));
      await context.expect(session.request('Fragment', part(13, 25)), ok(26));
      await context.expect(session.request('Close-Session', name), ok());
      session.isEnded = true;
      await context.expectObject(destination, entityBytes(0, 25));
    },
  },
  {
    id: 'spelling-user-agent',
    title: 'the User-Agent decides nothing',
    section: '4',
    run: async (context) => {
      const destination = context.destination();
      for (const userAgent of ['Microsoft BITS/6.7', 'curl/8.0', '']) {
        const request = context.request(destination, { type: 'Create-Session', userAgent });
        const response = await context.expect(
          request,
          created,
          `CREATE-SESSION from ${JSON.stringify(userAgent)}`,
        );
        const id = response.headers.find(([name]) => name.toLowerCase() === 'bits-session-id')?.[1];
        context.adopt(destination, id ?? '');
      }
    },
  },
];

const part = (first: number, last: number) => ({
  range: { first, last, total: 26 },
  body: entityBytes(first, last),
});

async function uploadSpelled(context: CaseContext, partial: Partial<Spelling>): Promise<void> {
  const spelled: Spelling = {
    packetType: asItIs,
    headerName: asItIs,
    rangeUnit: asItIs,
    sessionId: asItIs,
    protocols: asItIs,
    ...partial,
  };
  const destination = context.destination();
  const plain = context.request(destination, { type: 'Ping' });
  const authorization = plain.headers.filter(([name]) => name === 'Authorization');
  const spell = (type: PacketType, session?: TestSession, range?: ReturnType<typeof part>): HttpRequest =>
    packetRequest(
      {
        type,
        target: destination.target,
        host: destination.url.host,
        sessionId: session?.id,
        extraHeaders: authorization,
        ...range,
      },
      spelled,
    );
  const response = await context.expect(spell('Create-Session'), created, 'CREATE-SESSION');
  const id = response.headers.find(([name]) => name.toLowerCase() === 'bits-session-id')?.[1];
  const session = context.adopt(destination, id ?? '');
  await context.expect(spell('Ping'), ok(), 'PING');
  await context.expect(spell('Fragment', session, part(0, 12)), ok(13), 'the first FRAGMENT');
  await context.expect(spell('Fragment', session, part(13, 25)), ok(26), 'the second FRAGMENT');
  await context.expect(spell('Close-Session', session), ok(), 'CLOSE-SESSION');
  await context.expect(spell('Cancel-Session', session), ok(), 'CANCEL-SESSION');
  session.isEnded = true;
  await context.expectObject(destination, entityBytes(0, 25));
}
