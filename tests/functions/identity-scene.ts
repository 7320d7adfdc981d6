import { certificateIdentity } from '../../lib/access/certificate/certificate-identity.ts';
import {
  certificateTargetGroups,
  listenedEventOf,
  memoryHarness,
  type TestRequest,
} from '../support/functions-harness.ts';
import { basicIdentityOf, newSigningKey, ticketIdentityOf } from '../support/identities.ts';
import {
  cancelPacket,
  closePacket,
  createPacket,
  pingPacket,
  textFragment,
  withHeaders,
} from '../support/packets.ts';

export const text = 'abcdefghijklmnopqrstuvwxyz';
export const day = 86_400;
export const key = newSigningKey('now');
export const startMs = Date.UTC(2026, 10, 22, 12, 0, 0);

export const packets = {
  ping: () => pingPacket(),
  create: () => createPacket(),
  fragment: (session: string) => textFragment(session, text, 13),
  close: (session: string) => closePacket(session),
  cancel: (session: string) => cancelPacket(session),
} as const;
export type PacketName = keyof typeof packets;
export const packetNames = ['ping', 'create', 'fragment', 'close', 'cancel'] as const;

/** Ways of a destination to know its callers. */
export type AccessKinds = readonly ('basic' | 'ticket' | 'mtls')[];

/** Something that a caller shows: it changes the packet. */
export type Proof = (packet: TestRequest) => TestRequest;
export const withBasic =
  (credentials: string): Proof =>
  (packet) =>
    withHeaders(packet, { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` });
export const inUrl =
  (ticket: string): Proof =>
  (packet) => ({ ...packet, path: `${packet.path ?? '/drop/file.bin'}?ticket=${ticket}` });
export const asBearer =
  (ticket: string): Proof =>
  (packet) =>
    withHeaders(packet, { Authorization: `Bearer ${ticket}` });
/** By the listener that verifies certificates, with these copies of the subject. */
export const withCertificate =
  (...certificateSubjects: readonly string[]): Proof =>
  (packet) => ({ ...packet, certificateSubjects });
export const withForgedSubject: Proof = (packet) =>
  withHeaders(packet, { 'X-Amzn-Mtls-Clientcert-Subject': 'CN=alice,O=Contoso' });
export const nothing: Proof = (packet) => packet;

/** A destination that knows its callers in these ways, and somebody whose proof is right. */
export const scene = async (access: AccessKinds, right: Proof, others: { isHttpAllowed?: boolean } = {}) => {
  const harness = memoryHarness({
    ...others,
    destination: { access, principalFrom: access.includes('mtls') ? 'CN' : null },
    identities: {
      basic: basicIdentityOf({ alice: 'opensesame' }),
      ticket: ticketIdentityOf(() => startMs, key),
      mtls: certificateIdentity,
    },
    certificateTargetGroups,
  });
  const proven = { send: (packet: TestRequest) => harness.send(right(packet)) };
  return { harness, proven };
};

export type Harness = Awaited<ReturnType<typeof scene>>['harness'];

export const stateOf = ({ sessions, objects }: Harness): string =>
  JSON.stringify([
    [...sessions.items],
    [...sessions.tickets],
    [...objects.pieces],
    [...objects.uploads],
    [...objects.objects],
  ]);

/** Sends a packet and tells whether anybody looked at its body. */
export const sendWatched = async (harness: Harness, packet: TestRequest) => {
  const event = listenedEventOf(packet);
  let bodiesRead = 0;
  const { body } = event;
  Object.defineProperty(event, 'body', {
    get: () => {
      bodiesRead++;
      return body;
    },
  });
  const type = packet.headers?.['BITS-Packet-Type']?.split('-')[0]?.toLowerCase();
  const name = packetNames.find((each) => each === type);
  if (name === undefined) throw new Error(`no packet ${type}`);
  const response = await harness.call(name, event);
  return { ...response, bodiesRead };
};
