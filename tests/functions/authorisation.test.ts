import { describe, expect, it } from 'vitest';
import { certificateIdentity } from '../../lib/access/certificate/certificate-identity.ts';
import { eventOf, memoryHarness, type TestRequest } from '../support/functions-harness.ts';
import { basicIdentityOf } from '../support/identities.ts';
import {
  cancelPacket,
  closePacket,
  createPacket,
  openSession,
  pingPacket,
  textFragment,
  withHeaders,
} from '../support/packets.ts';

const text = 'abcdefghijklmnopqrstuvwxyz';
const every = (session: string, path?: string): readonly TestRequest[] => [
  pingPacket(path),
  createPacket(path),
  textFragment(session, text, 13, text.length, path),
  closePacket(session, path),
  cancelPacket(session, path),
];

describe('authorisation', () => {
  const scene = () =>
    memoryHarness({
      destination: {
        access: ['basic'],
        keyTemplate: '{principal}/{path}',
        allow: [
          { principals: ['alice'], access: null, paths: ['shared/**'] },
          { principals: ['*'], access: null, paths: ['{principal}/**'] },
        ],
      },
      identities: { basic: basicIdentityOf({ alice: 'a', bob: 'b' }) },
    });
  const as = (harness: ReturnType<typeof scene>, credentials: string) => ({
    send: (packet: TestRequest) =>
      harness.send(
        withHeaders(packet, { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
      ),
  });

  it('is checked on every packet, and a refusal touches nothing and names its principal in the log', async () => {
    const harness = scene();
    const [alice, bob] = [as(harness, 'alice:a'), as(harness, 'bob:b')];
    const session = await openSession(alice, '/drop/shared/x');
    await alice.send(textFragment(session, text, 0, 13, '/drop/shared/x'));
    const before = JSON.stringify([...harness.sessions.items]);
    harness.sessions.hooks.reset();
    harness.objects.hooks.reset();
    for (const packet of every(session, '/drop/shared/x')) {
      const { status, headers } = await bob.send(packet);
      expect([status, headers['BITS-Error-Code'], headers['BITS-Error-Context']]).toEqual([
        403,
        '0x80070005',
        '0x5',
      ]);
    }
    expect({ ...harness.sessions.hooks.made(), ...harness.objects.hooks.made() }).toEqual({});
    expect(JSON.stringify([...harness.sessions.items])).toBe(before);
    expect(harness.packets.at(-1)).toMatchObject({ principal: 'bob', status: 403 });
    expect((await alice.send(textFragment(session, text, 13, 26, '/drop/shared/x'))).status).toBe(200);
    expect((await alice.send(closePacket(session, '/drop/shared/x'))).status).toBe(200);
    expect(harness.objects.object('destination', 'alice/shared/x')?.metadata?.principal).toBe('alice');
  });

  it('a rule that is taken away stops a session that is under way', async () => {
    const harness = scene();
    const alice = as(harness, 'alice:a');
    const session = await openSession(alice, '/drop/shared/x');
    harness.destinations = harness.destinations.map((each) => ({
      ...each,
      allow: each.allow?.slice(1) ?? null,
    }));
    expect((await alice.send(textFragment(session, text, 0, 26, '/drop/shared/x'))).status).toBe(403);
    expect((await alice.send(pingPacket('/drop/alice/x'))).status).toBe(200);
  });

  it("another's session looks like none, where both may write", async () => {
    const harness = scene();
    harness.destinations = harness.destinations.map((each) => ({ ...each, allow: null }));
    const [alice, bob] = [as(harness, 'alice:a'), as(harness, 'bob:b')];
    const session = await openSession(alice, '/drop/x');
    const before = JSON.stringify([...harness.sessions.items]);
    const stranger = '{00000000-0000-4000-8000-000000000000}';
    for (const [at, packet] of every(session, '/drop/x').entries()) {
      if (at < 2) continue;
      const unknown = every(stranger, '/drop/x')[at];
      if (unknown === undefined) throw new Error('no packet');
      const { headers, ...seen } = await bob.send(packet);
      const { headers: theirs, ...none } = await bob.send(unknown);
      expect(seen).toEqual(none);
      expect({ ...headers, 'BITS-Session-Id': '' }).toEqual({ ...theirs, 'BITS-Session-Id': '' });
      expect(headers['BITS-Error-Code']).toBe('0x8020001F');
    }
    expect(JSON.stringify([...harness.sessions.items])).toBe(before);
  });
});

describe('the listener that verifies certificates', () => {
  const subject = 'X-Amzn-Mtls-Clientcert-Subject';
  const scene = (access: 'mtls' | 'none') =>
    memoryHarness({
      destination: { access: [access], principalFrom: access === 'mtls' ? 'CN' : null },
      identities: { mtls: certificateIdentity },
      certificateTargetGroups: 'bits-dev-mtls-',
    });

  /** As its target groups hand requests over: every copy of a header. */
  const send = (
    harness: ReturnType<typeof scene>,
    packet: TestRequest,
    group: string,
    subjects: readonly string[],
  ) => {
    const { headers, queryStringParameters: _, ...event } = eventOf(packet);
    const multiValueHeaders = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value]]),
    );
    const name = (packet.headers?.['BITS-Packet-Type'] ?? '').split('-')[0]?.toLowerCase();
    const names = ['ping', 'create', 'fragment', 'close', 'cancel'] as const;
    return harness.call(names.find((each) => each === name) ?? 'unknown', {
      ...event,
      requestContext: {
        elb: { targetGroupArn: `arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/${group}/1` },
      },
      multiValueHeaders: { ...multiValueHeaders, [subject.toLowerCase()]: subjects },
    });
  };
  const [ours, main] = ['bits-dev-mtls-ping', 'bits-dev-ping'];

  it.each([
    ['mtls', ours, ['CN=pc1,O=Contoso'], 200],
    ['mtls', ours, ['CN=pc1,O=Contoso', 'CN=admin'], 403],
    ['mtls', ours, [], 403],
    ['mtls', ours, ['O=Contoso'], 403],
    ['mtls', main, ['CN=pc1,O=Contoso'], 403],
    ['mtls', 'x-bits-dev-mtls-ping', ['CN=pc1,O=Contoso'], 403],
    ['none', main, ['CN=pc1,O=Contoso'], 200],
    ['none', ours, ['CN=pc1,O=Contoso'], 403],
  ] as const)(
    'access %s, through %s, with %j: %i on every packet',
    async (access, group, subjects, status) => {
      const harness = scene(access);
      const session = '{00000000-0000-4000-8000-000000000000}';
      for (const [at, packet] of every(session).entries()) {
        const { status: actual } = await send(harness, packet, group, subjects);
        expect(actual).toBe(status === 200 && at >= 2 ? 500 : status);
      }
    },
  );

  it('makes the named part of the subject the principal of the session', async () => {
    const harness = scene('mtls');
    await send(harness, createPacket(), ours, ['CN=pc1,O=Contoso']);
    expect([...harness.sessions.items.values()].map(({ user }) => user?.S)).toEqual(['pc1']);
    expect(harness.packets.at(-1)).toMatchObject({ principal: 'pc1' });
  });

  it('is no listener at all where the deployment has none: headers are never believed', async () => {
    const harness = memoryHarness({
      destination: { access: ['mtls'] },
      identities: { mtls: certificateIdentity },
    });
    expect((await send(harness, pingPacket(), ours, ['CN=pc1'])).status).toBe(403);
  });
});
