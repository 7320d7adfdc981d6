import type { PacketType } from '../../support/bits-client/index.ts';
import type { HttpRequest } from '../../support/http/message.ts';
import { headerValue } from '../../support/http/message.ts';
import { isAck } from '../ack-rules.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import type { Destination } from '../destination.ts';
import { withBody, withHeader, withoutHeader } from '../edit-request.ts';
import { invalid, ok, orBare } from '../expectation.ts';
import { demand } from '../failures.ts';
import type { TestSession } from '../test-session.ts';

const SESSION_PACKETS = ['Fragment', 'Close-Session', 'Cancel-Session'] as const;
const EMPTY_PACKETS = ['Ping', 'Create-Session', 'Close-Session', 'Cancel-Session'] as const;

/** Section 7.1, rows C1 and C5 to C9: what is looked at before a packet is a packet. */
export const packetChecks: readonly ConformanceCase[] = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'bits_post'].map(wrongMethod),
  {
    id: 'c5-no-packet-type',
    title: 'a packet without BITS-Packet-Type is malformed',
    section: '7.1 C5',
    run: (context) =>
      refused(context, (session) => withoutHeader(session.request('Ping'), 'BITS-Packet-Type')),
  },
  ...['Resume-Session', 'Ack', 'Fragments', 'Create Session', 'x'].map(unknownType),
  {
    id: 'c6-no-content-length',
    title: 'a packet without Content-Length is malformed (400, as Windows answers, not 411)',
    section: '7.1 C6',
    run: async (context) => {
      const { target, url } = context.destination();
      const ping = context.request({ target, url }, { type: 'Ping' });
      await context.expect(withoutHeader(ping, 'Content-Length'), orBare(invalid(), 400, 411));
    },
  },
  ...['abc', '-1', '1.5', '0x0', '+0'].map(badContentLength),
  {
    id: 'c6-chunked',
    title: 'a chunked FRAGMENT has no Content-Length and is malformed',
    section: '2, 7.1 C6',
    run: chunkedFragment,
  },
  ...EMPTY_PACKETS.map(bodyWhereNoneBelongs),
  ...SESSION_PACKETS.map(noSessionId),
  {
    id: 'c7-before-c9',
    title: 'the order of checks: a body where none belongs and an unknown session is a malformed packet',
    section: '7.1',
    run: async (context) => {
      const request = context.request(context.destination(), {
        type: 'Close-Session',
        sessionId: '{00000000-0000-4000-8000-000000000000}',
        body: Buffer.from('x'),
      });
      await context.expect(request, invalid());
    },
  },
];

function wrongMethod(method: string): ConformanceCase {
  return {
    id: `c1-method-${method === 'bits_post' ? 'lower-case' : method.toLowerCase()}`,
    title: `${method} on an upload URL is 405 with Allow: BITS_POST, and creates nothing`,
    section: '7.1 C1',
    run: async (context) => {
      const destination = context.destination();
      const request = { ...context.request(destination, { type: 'Create-Session' }), method };
      const response = await context.wire.exchange(request);
      demand(headerValue(response.headers, 'BITS-Session-Id') === undefined, 'a session was created');
      if (isAck(response)) {
        const allow = headerValue(response.headers, 'Allow');
        demand(
          response.status === 405 && allow === 'BITS_POST',
          `status ${response.status}, Allow: ${allow}`,
        );
        demand(headerValue(response.headers, 'BITS-Error-Code') === undefined, 'an error code with 405');
      } else {
        const isRefusal = response.status >= 400 && response.status <= 505;
        demand(isRefusal, `${method} was answered ${response.status}`);
        context.note(`a front end answered a bare ${response.status}`);
      }
    },
  };
}

function unknownType(type: string): ConformanceCase {
  return {
    id: `c5-type-${type.toLowerCase().replaceAll(' ', '-')}`,
    title: `packet type ${JSON.stringify(type)} is unknown`,
    section: '7.1 C5',
    run: (context) =>
      refused(context, (session) => withHeader(session.request('Ping'), 'BITS-Packet-Type', type)),
  };
}

function badContentLength(value: string): ConformanceCase {
  return {
    id: `c6-length-${value.replaceAll('+', 'plus').replace('-', 'minus')}`,
    title: `Content-Length ${value} is malformed`,
    section: '7.1 C6',
    run: async (context) => {
      const ping = context.request(context.destination(), { type: 'Ping' });
      await context.expect(withHeader(ping, 'Content-Length', value), orBare(invalid(), 400));
    },
  };
}

async function chunkedFragment(context: CaseContext): Promise<void> {
  const session = await context.open();
  const fragment = withoutHeader(session.fragmentRequest([0, 12, 26]), 'Content-Length');
  const chunked = withHeader(fragment, 'Transfer-Encoding', 'chunked');
  const body = Buffer.from('d\r\nabcdefghijklm\r\n0\r\n\r\n');
  const response = await context.wire.exchange(withBody(chunked, body));
  if (response.status === 200) {
    // A front end that puts the chunks together and gives the length itself leaves nothing to complain about.
    context.check(chunked, response, ok(13));
    context.note('a front end turned the chunks into a body with a length');
    return;
  }
  context.check(chunked, response, orBare(invalid(), 400, 411, 501));
  await session.fragment([0, 25, 26], ok(26));
}

function bodyWhereNoneBelongs(type: PacketType): ConformanceCase {
  return {
    id: `c7-body-on-${type.toLowerCase()}`,
    title: `${type} with a body is malformed and does nothing`,
    section: '7.1 C7',
    run: async (context) => {
      const session = await context.open();
      await session.fragment([0, 12, 26], ok(13));
      const fields = { type, body: Buffer.from('body') };
      const request =
        type === 'Ping' || type === 'Create-Session'
          ? context.request(session.destination, fields)
          : session.request(type, fields);
      await context.expect(request, invalid(), `${type} with a body`);
      await session.fragment([13, 25, 26], ok(26));
    },
  };
}

function noSessionId(type: (typeof SESSION_PACKETS)[number]): ConformanceCase {
  return {
    id: `c9-no-session-id-${type.toLowerCase()}`,
    title: `${type} without BITS-Session-Id is malformed`,
    section: '7.1 C9',
    run: async (context) => {
      const session = await context.open();
      const request = type === 'Fragment' ? session.fragmentRequest([0, 12, 26]) : session.request(type);
      await context.expect(withoutHeader(request, 'BITS-Session-Id'), invalid());
      await session.fragment([0, 25, 26], ok(26));
    },
  };
}

/** The request is refused as malformed, and the session that it names goes on as if nothing had come. */
async function refused(context: CaseContext, build: (session: TestSession) => HttpRequest): Promise<void> {
  const destination: Destination = context.destination();
  const session = await context.open(destination);
  await session.fragment([0, 12, 26], ok(13));
  await context.expect(build(session), invalid());
  await session.fragment([13, 25, 26], ok(26));
}
