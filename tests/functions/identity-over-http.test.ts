import { beforeAll, describe, expect, it } from 'vitest';
import type { Identities } from '../../lib/access/identity.ts';
import { mintTicket } from '../../lib/access/ticket/mint.ts';
import { memoryHarness, type TestRequest } from '../support/functions-harness.ts';
import { openSession, pingPacket, textFragment, withHeaders } from '../support/packets.ts';
import {
  type AccessKinds,
  asBearer,
  day,
  inUrl,
  key,
  nothing,
  type Proof,
  packetNames,
  packets,
  scene,
  sendWatched,
  startMs,
  stateOf,
  text,
  withBasic,
  withCertificate,
} from './identity-scene.ts';

let ticket = '';
beforeAll(async () => {
  const options = { path: '/drop/file.bin', principal: 'alice', expiresInSeconds: day, nowMs: startMs };
  ticket = await mintTicket(key, options);
});

describe('over HTTP', () => {
  const overHttp: Proof = (packet) => withHeaders(packet, { 'X-Forwarded-Proto': 'http' });
  const proofs = (): readonly (readonly [AccessKinds, Proof])[] => [
    [['basic'], withBasic('alice:opensesame')],
    [['basic'], nothing],
    [['ticket'], inUrl(ticket)],
    [['ticket'], asBearer(ticket)],
    [['mtls'], withCertificate('CN=alice,O=Contoso')],
  ];

  it.each(packetNames)('%s: nobody looks at credentials, and none are asked for', async (name) => {
    for (const [access, proof] of proofs()) {
      const { harness, proven } = await scene(
        access,
        proof === nothing ? withBasic('alice:opensesame') : proof,
      );
      const session = await openSession(proven);
      const before = stateOf(harness);
      harness.sessions.hooks.reset();
      harness.objects.hooks.reset();
      const unasked = () => Promise.reject(new Error('somebody looked'));
      const nobody: Identities = { basic: unasked, ticket: unasked, mtls: unasked };
      harness.identities = nobody;
      for (const change of [
        overHttp,
        (packet: TestRequest) => withHeaders(packet, { 'X-Forwarded-Proto': undefined }),
      ]) {
        const answer = await sendWatched(harness, change(proof(packets[name](session))));
        expect(answer).toMatchObject({ status: 403, bodiesRead: 0 });
        expect(answer.headers).toMatchObject({ 'BITS-Packet-Type': 'Ack', 'BITS-Error-Code': '0x80070005' });
        expect(answer.headers).not.toHaveProperty('WWW-Authenticate');
      }
      expect({ ...harness.sessions.hooks.made(), ...harness.objects.hooks.made() }).toEqual({});
      expect(stateOf(harness)).toBe(before);
    }
  });

  it('they are good where a deployment says so', async () => {
    for (const [access, proof] of proofs()) {
      if (proof === nothing) continue;
      const right: Proof = (packet) => overHttp(proof(packet));
      const { harness, proven } = await scene(access, right, { isHttpAllowed: true });
      const session = await openSession(proven);
      expect((await proven.send(textFragment(session, text, 0))).status).toBe(200);
      expect((await harness.send(overHttp(pingPacket()))).status).toBe(access.includes('mtls') ? 403 : 401);
    }
  });

  it('whoever reaches the URL may upload where access is none', async () => {
    expect((await memoryHarness().send(overHttp(pingPacket()))).status).toBe(200);
  });
});
