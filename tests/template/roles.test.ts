import { beforeAll, describe, expect, it } from 'vitest';
import { memoryHarness, type TestRequest } from '../support/functions-harness.ts';
import {
  cancelPacket,
  closePacket,
  createPacket,
  fragmentPacket,
  openSession,
  pingPacket,
  sendAll,
} from '../support/packets.ts';
import { statementsOfRole } from './checks/access.ts';
import { packageService } from './package-service.ts';
import { show, type Template } from './template.ts';

/** `staging s3:PutObject`, as a role allows it and as a store's call needs it. */
type Access = string;

const neededFor: Readonly<Record<string, readonly Access[]>> = {
  putPiece: ['staging s3:PutObject'],
  getPiece: ['staging s3:GetObject'],
  deletePieces: ['staging s3:DeleteObject'],
  // A missing piece is 404, and not 403, only for those who may list.
  listPieces: ['staging s3:ListBucket'],
  createUpload: ['destination s3:PutObject'],
  uploadPart: ['destination s3:PutObject'],
  completeUpload: ['destination s3:PutObject'],
  abortUpload: ['destination s3:AbortMultipartUpload'],
  listParts: ['destination s3:ListMultipartUploadParts'],
  head: ['destination s3:GetObject', 'destination s3:ListBucket'],
  read: ['table dynamodb:GetItem'],
  openSessions: ['table dynamodb:Query'],
  // A failed condition without its item is looked at again.
  write: ['table dynamodb:PutItem', 'table dynamodb:GetItem'],
};

const roles: Readonly<Record<string, string>> = {
  Ping: 'PingRole',
  'Create-Session': 'CreateSessionRole',
  Fragment: 'FragmentRole',
  'Close-Session': 'CloseSessionRole',
  'Cancel-Session': 'CancelSessionRole',
  Nonsense: 'UnknownPacketRole',
};

const placeOf = (resource: unknown): string => {
  const text = show(resource);
  if (text.includes('StagingBucket')) return 'staging';
  if (text.includes('UploadBucket')) return 'destination';
  return text.includes('SessionTable') ? 'table' : 'log';
};

const allowed = (template: Template, role: string): ReadonlySet<Access> =>
  new Set(
    statementsOfRole(template, role)
      .flatMap(({ Action, Resource }) =>
        Resource.flatMap((resource) => Action.map((action) => `${placeOf(resource)} ${action}`)),
      )
      .filter((access) => !access.startsWith('log ')),
  );

/** What each role was needed for, over every situation below. */
const used = new Map<string, Set<Access>>();

const total = 40;
const entity = Buffer.alloc(total, 'x');

const record = (options: Parameters<typeof memoryHarness>[0] = {}) => {
  const harness = memoryHarness({ ...options, limits: { targetPartBytes: 16, maxTailPieces: 3 } });
  return {
    harness,
    send: async (packet: TestRequest) => {
      harness.objects.hooks.reset();
      harness.sessions.hooks.reset();
      const response = await harness.send(packet);
      const role = roles[packet.headers?.['BITS-Packet-Type'] ?? ''] ?? '';
      const accesses = used.get(role) ?? new Set();
      const calls = { ...harness.objects.hooks.made(), ...harness.sessions.hooks.made() };
      for (const call of Object.keys(calls)) for (const access of neededFor[call] ?? []) accesses.add(access);
      used.set(role, accesses);
      return response;
    },
  };
};

type Recorded = ReturnType<typeof record>;

const situations: Readonly<Record<string, () => Promise<void>>> = {
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
    const recorded = record({
      destination: { access: ['basic'], sessionsPerPrincipal: 10 },
      identities: { basic: async () => ({ kind: 'basic', principal: 'alice' }) },
    });
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
    const recorded = record({ destination: { publishOn: 'last-fragment' } });
    const session = await openSession(recorded);
    await sendAll(recorded, session, entity, 7);
    await recorded.send(cancelPacket(session));
  },
  'acknowledged bytes that are gone': async () => {
    const recorded = record();
    const session = await begin(recorded);
    recorded.harness.objects.pieces.clear();
    recorded.harness.coldStart();
    await recorded.send(fragmentPacket(session, 28, entity.subarray(28), total));
  },
  'an early CLOSE': async () => {
    const recorded = record();
    await recorded.send(closePacket(await begin(recorded)));
  },
  'a CLOSE without any fragment': async () => {
    const recorded = record();
    await recorded.send(closePacket(await openSession(recorded)));
  },
  'a cancelled upload': async () => {
    const recorded = record();
    await recorded.send(cancelPacket(await begin(recorded)));
  },
  'a CANCEL that has to finish a publication': async () => {
    const recorded = record();
    const session = await openSession(recorded);
    await sendAll(recorded, session, entity, 7);
    recorded.harness.objects.hooks.before = ({ name }) => {
      if (name === 'completeUpload') throw new Error('S3 does not answer');
    };
    await recorded.send(closePacket(session));
    recorded.harness.objects.hooks.before = undefined;
    await recorded.send(cancelPacket(session));
  },
};

/** A session with a part, a staged piece and nothing more yet. */
const begin = async (recorded: Recorded): Promise<string> => {
  const session = await openSession(recorded);
  for (let at = 0; at < 28; at += 7) {
    await recorded.send(fragmentPacket(session, at, entity.subarray(at, at + 7), total));
  }
  return session;
};

describe("a function's role", () => {
  let template: Template;
  beforeAll(async () => {
    ({ template } = await packageService());
    for (const play of Object.values(situations)) await play();
  }, 120_000);

  it.each(Object.values(roles))('%s allows what the function does, in every situation', (role) => {
    const needed = [...(used.get(role) ?? [])].filter((access) => !allowed(template, role).has(access));
    expect(needed).toEqual([]);
  });

  it.each(Object.values(roles))('%s allows nothing that it does in none', (role) => {
    const idle = [...allowed(template, role)].filter((access) => used.get(role)?.has(access) !== true);
    expect(idle).toEqual([]);
  });

  it('writes its own log and no other', () => {
    for (const role of Object.values(roles)) {
      const group = role.replace(/Role$/, 'LogGroup');
      const logs = statementsOfRole(template, role).filter(({ Action }) =>
        Action.includes('logs:PutLogEvents'),
      );
      expect(logs.map(({ Resource }) => Resource)).toEqual([[{ 'Fn::GetAtt': [group, 'Arn'] }]]);
    }
  });
});
