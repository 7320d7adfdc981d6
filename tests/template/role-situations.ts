import type { ResolvedDestination } from '../../lib/access/destination.ts';
import { bodyReply, type ReplyHarness, replyApplication, replyHarness } from '../functions/reply-harness.ts';
import type { TestRequest } from '../support/functions-harness.ts';
import { JudgedObjectStore, type S3Access } from '../support/judged-object-store.ts';
import {
  cancelPacket,
  closePacket,
  createPacket,
  fragmentPacket,
  openSession,
  pingPacket,
  sendAll,
} from '../support/packets.ts';

/** `staging s3:PutObject`, as a role allows it and as a call needs it. */
export type Access = string;

/** A packet type and the role of the function that answers it. */
export const roles: Readonly<Record<string, string>> = {
  Ping: 'PingRole',
  'Create-Session': 'CreateSessionRole',
  Fragment: 'FragmentRole',
  'Close-Session': 'CloseSessionRole',
  'Cancel-Session': 'CancelSessionRole',
  Nonsense: 'UnknownPacketRole',
};

const tableCalls: Readonly<Record<string, readonly Access[]>> = {
  read: ['table dynamodb:GetItem'],
  openSessions: ['table dynamodb:Query'],
  // A failed condition without its item is looked at again.
  write: ['table dynamodb:PutItem', 'table dynamodb:GetItem'],
};

const placeOf = ({ bucket, key = '' }: S3Access): string =>
  bucket === 'staging' && key.startsWith('holding/') ? 'holding' : bucket;

/** What each role is needed for, over every situation that has been played. */
export const used = new Map<string, Set<Access>>();

const total = 40;
const entity = Buffer.alloc(total, 'x');

const record = (
  destination: Partial<ResolvedDestination> = {},
  options: Parameters<typeof replyHarness>[1] = {},
) => {
  const objects = new JudgedObjectStore(1);
  const limits = { targetPartBytes: 16, maxTailPieces: 3 };
  const under = replyHarness({ reply: null, ...destination }, { ...options, objects, limits });
  const { harness } = under;
  return {
    ...under,
    send: async (packet: TestRequest) => {
      const role = roles[packet.headers?.['BITS-Packet-Type'] ?? ''] ?? '';
      const accesses = used.get(role) ?? new Set();
      used.set(role, accesses);
      objects.judge = (access) => accesses.add(`${placeOf(access)} ${access.action}`);
      harness.sessions.hooks.reset();
      const response = await harness.send(packet);
      for (const call of Object.keys(harness.sessions.hooks.made()))
        for (const access of tableCalls[call] ?? []) accesses.add(access);
      return response;
    },
  };
};

type Recorded = ReturnType<typeof record>;

/** What befalls an upload, by everything that a role is there for. */
export const situations: Readonly<Record<string, () => Promise<void>>> = {
  'a ping, and a stranger': async () => {
    const recorded = record();
    await recorded.send(pingPacket());
    await recorded.send({ headers: { 'BITS-Packet-Type': 'Nonsense' } });
  },
  'an upload, and another of the same name': async () => {
    const recorded = record();
    const session = await openSession(recorded);
    await sendAll(recorded, session, entity, 7);
    await recorded.send(closePacket(session));
    await recorded.send(createPacket());
  },
  'an upload by somebody whose sessions are limited': async () => {
    const recorded = record(
      { access: ['basic'], sessionsPerPrincipal: 10 },
      { identities: { basic: async () => ({ kind: 'basic', principal: 'alice' }) } },
    );
    await begin(recorded);
  },
  'fragments that meet a cold environment': async () => {
    const recorded = record();
    const session = await openSession(recorded);
    for (let at = 0; at < total; at += 7) {
      recorded.harness.coldStart();
      await recorded.send(fragmentPacket(session, at, entity.subarray(at, at + 7), total));
    }
  },
  'an object that appears with its last fragment': async () => {
    const recorded = record({ publishOn: 'last-fragment' });
    const session = await openSession(recorded);
    await sendAll(recorded, session, entity, 7);
    await recorded.send(cancelPacket(session));
  },
  'acknowledged bytes that are gone': async () => {
    for (const reply of [null, replyApplication]) {
      const recorded = record({ reply });
      const session = await begin(recorded);
      recorded.harness.objects.pieces.clear();
      recorded.harness.coldStart();
      await recorded.send(fragmentPacket(session, 28, entity.subarray(28), total));
    }
  },
  'an early CLOSE': async () => {
    for (const reply of [null, replyApplication]) {
      const recorded = record({ reply });
      await recorded.send(closePacket(await begin(recorded)));
    }
  },
  'a CLOSE without any fragment': async () => {
    const recorded = record();
    await recorded.send(closePacket(await openSession(recorded)));
  },
  'a cancelled upload': async () => {
    for (const reply of [null, replyApplication]) {
      const recorded = record({ reply });
      await recorded.send(cancelPacket(await begin(recorded)));
    }
  },
  'a CANCEL that has to finish a publication': async () => {
    const recorded = record();
    const session = await openSession(recorded);
    await sendAll(recorded, session, entity, 7);
    await closeWithoutAnswer(recorded, session);
    await recorded.send(cancelPacket(session));
  },
  'a file that its application lets through': async () => {
    const recorded = record({ reply: replyApplication });
    recorded.script.push(bodyReply('thanks', true));
    const session = await openSession(recorded);
    await sendAll(recorded, session, entity, 7);
    await recorded.send(closePacket(session));
  },
  'a file in holding whose application is taken out': async () => {
    const recorded = record({ reply: replyApplication });
    const session = await begin(recorded);
    takeReplyOut(recorded);
    await recorded.send(fragmentPacket(session, 28, entity.subarray(28), total));
    await recorded.send(closePacket(session));
  },
  'a CANCEL that has to copy a held file again': async () => {
    const recorded = record({ reply: replyApplication });
    recorded.script.push(bodyReply('thanks', true));
    const session = await openSession(recorded);
    await sendAll(recorded, session, entity, 7);
    await closeWithoutAnswer(recorded, session);
    recorded.harness.objects.uploads.clear();
    await recorded.send(cancelPacket(session));
  },
};

/** The deployment of the same destination without its `reply`. */
export const takeReplyOut = ({ harness }: Pick<ReplyHarness, 'harness'>): void => {
  harness.destinations = harness.destinations.map((destination) => ({ ...destination, reply: null }));
};

/** A CLOSE that begins to publish, and never hears whether S3 did. */
const closeWithoutAnswer = async (recorded: Recorded, session: string): Promise<void> => {
  const { hooks } = recorded.harness.objects;
  hooks.before = ({ name }) => {
    if (name === 'completeUpload') throw new Error('S3 does not answer');
  };
  await recorded.send(closePacket(session));
  hooks.before = undefined;
};

/** A session with a part, a staged piece and nothing more yet. */
const begin = async (recorded: Recorded): Promise<string> => {
  const session = await openSession(recorded);
  for (let at = 0; at < 28; at += 7) {
    await recorded.send(fragmentPacket(session, at, entity.subarray(at, at + 7), total));
  }
  return session;
};
