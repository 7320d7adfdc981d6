import fc from 'fast-check';
import type {
  CleanUp,
  Complete,
  Entity,
  Notification,
  Outcome,
  Piece,
  Progress,
  Publishing,
  Receiving,
  Session,
  SessionBase,
  Stored,
  Tombstone,
} from '../../lib/session/session.ts';

/** What every session of these tests has; each attribute different from all others, so that a mix-up shows. */
export const base: SessionBase = {
  sessionId: '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012',
  urlHash: 'c0ffee'.padEnd(64, '0'),
  principal: 'alice',
  destination: '/drop/',
  bucket: 'destination-bucket',
  key: 'reports/alpha.txt',
  allowOverwrites: true,
  publishOn: 'last-fragment',
  place: 'destination',
  createdAtMs: 1_795_000_000_123,
  version: 7,
  attempt: 'a1a2a3a4a5a6',
};

export const progress: Progress = {
  next: 101,
  layout: { totalBytes: 200, partBytes: 64 },
  uploadId: 'upload-1',
  partCount: 1,
  tail: [
    { offset: 64, level: 1, attempt: 'b1b2b3b4b5b6' },
    { offset: 90, level: 0, attempt: 'c1c2c3c4c5c6' },
  ],
  crc32: 0xdeadbeef,
};

export const entity: Entity = {
  totalBytes: 200,
  partBytes: 64,
  uploadId: 'upload-1',
  partCount: 4,
  crc32: 0xcafebabe,
  originalName: 'Bericht ä.txt',
};

export const receiving: Receiving = {
  ...base,
  state: 'receiving',
  progress,
  expiresAtSeconds: 1_796_000_000,
};
/** Created, and nothing accepted yet. */
export const fresh: Receiving = { ...receiving, progress: undefined };
export const stored: Stored = {
  ...base,
  state: 'stored',
  entity,
  notification: undefined,
  closedEmpty: false,
  dueAtSeconds: 1_795_003_600,
};
export const publishing: Publishing = {
  ...base,
  state: 'publishing',
  entity,
  notification: undefined,
  closedEmpty: false,
  leaseUntilMs: 1_795_000_060_500,
  dueAtSeconds: 1_795_000_121,
};
export const complete: Complete = {
  ...base,
  state: 'complete',
  totalBytes: 200,
  notification: undefined,
  cleanUp: { pending: false, expiresAtSeconds: 1_796_209_600 },
};
export const tombstone: Tombstone = {
  ...base,
  state: 'tombstone',
  outcome: 'published',
  uploadId: undefined,
  cleanUp: { pending: false, expiresAtSeconds: 1_796_209_600 },
};

export const outcomes: readonly Outcome[] = [
  'published',
  'answered',
  'cancelled',
  'refused',
  'early',
  'lost',
];

/** What may become of asking a reply application. */
export const notifications: readonly Notification[] = [
  { is: 'due', token: 'ab'.repeat(16), endsAtSeconds: 1_796_000_000 },
  { is: 'sent', token: 'ab'.repeat(16), endsAtSeconds: 1_796_000_000, leaseUntilMs: 1_795_000_060_500 },
  { is: 'failed', status: 400, hresult: 0x80070057, endsAtSeconds: 1_796_000_000 },
  { is: 'failed', status: 403, hresult: 0x80070005, endsAtSeconds: 1_796_000_000 },
  { is: 'answered', reply: { token: 'ab'.repeat(16) }, publish: true, endsAtSeconds: 1_796_000_000 },
];

/** One session of every state. */
export const everyState: readonly Session[] = [fresh, receiving, stored, publishing, complete, tombstone];

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => Buffer.from(array).toString('hex'));
const seconds = fc.integer({ min: 0, max: 2 ** 40 });
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const crc32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const anyBase: fc.Arbitrary<SessionBase> = fc.record({
  sessionId: fc.uuid().map((id) => id.toUpperCase()),
  urlHash: hex(32),
  principal: text,
  destination: text,
  bucket: text,
  key: text,
  allowOverwrites: fc.boolean(),
  publishOn: fc.constantFrom('close-session', 'last-fragment'),
  place: fc.constantFrom('destination', 'holding', 'from-holding'),
  createdAtMs: fc.integer({ min: 0, max: 2 ** 48 }),
  version: fc.nat(),
  attempt: hex(6),
});

const anyTail = (from: number, end: number): fc.Arbitrary<readonly Piece[]> =>
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: Math.max(0, end - from - 1) }), fc.nat(255), hex(6)), {
      maxLength: end > from ? 20 : 0,
    })
    .map((pieces) =>
      pieces
        .map(([ahead, level, attempt]) => ({ offset: from + ahead, level, attempt }))
        .sort((a, b) => a.offset - b.offset),
    );

const anyProgress: fc.Arbitrary<Progress> = fc
  .record({
    partBytes: fc.integer({ min: 1, max: 5 * 2 ** 30 }),
    partCount: fc.nat(9_999),
    waiting: fc.double({ min: 0, max: 0.999, noNaN: true }),
    behind: fc.integer({ min: 1, max: 2 ** 40 }),
    uploadId: fc.string({ minLength: 1, maxLength: 160 }),
    crc32,
  })
  .chain(({ partBytes, partCount, waiting, behind, uploadId, crc32 }) => {
    const from = partBytes * partCount;
    const next = from + Math.floor(partBytes * waiting);
    return anyTail(from, next).map((tail) => ({
      next,
      layout: { totalBytes: next + behind, partBytes },
      uploadId: partCount === 0 ? undefined : uploadId,
      partCount,
      tail,
      crc32,
    }));
  });

const anyEntity: fc.Arbitrary<Entity> = fc.record({
  totalBytes: fc.nat(Number.MAX_SAFE_INTEGER),
  partBytes: fc.integer({ min: 1, max: 5 * 2 ** 30 }),
  uploadId: fc.string({ minLength: 1 }),
  partCount: fc.integer({ min: 1, max: 10_000 }),
  crc32,
  originalName: fc.option(fc.string({ unit: 'grapheme', maxLength: 40 }), { nil: undefined }),
});

const anyCleanUp: fc.Arbitrary<CleanUp> = fc.oneof(
  seconds.map((dueAtSeconds) => ({ pending: true as const, dueAtSeconds })),
  seconds.map((expiresAtSeconds) => ({ pending: false as const, expiresAtSeconds })),
);

const anyNotification: fc.Arbitrary<Notification | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ is: fc.constant('due' as const), token: hex(16), endsAtSeconds: seconds }),
  fc.record({
    is: fc.constant('sent' as const),
    token: hex(16),
    endsAtSeconds: seconds,
    leaseUntilMs: fc.nat(),
  }),
  fc.record({
    is: fc.constant('answered' as const),
    reply: fc.oneof(fc.record({ token: hex(16) }), fc.record({ url: fc.webUrl() })),
    publish: fc.boolean(),
    endsAtSeconds: seconds,
  }),
  fc.record({
    is: fc.constant('failed' as const),
    status: fc.integer({ min: 400, max: 599 }),
    hresult: crc32,
    endsAtSeconds: seconds,
  }),
);

/** Any session that may be stored, of any state. */
export const anySession: fc.Arbitrary<Session> = anyBase.chain((base): fc.Arbitrary<Session> => {
  const fixed = <const S extends string>(state: S) => fc.constant({ ...base, state });
  const withFields = <A extends object, B extends object>(a: fc.Arbitrary<A>, b: fc.Arbitrary<B>) =>
    fc.tuple(a, b).map(([left, right]) => ({ ...left, ...right }));
  return fc.oneof(
    withFields(
      fixed('receiving'),
      fc.record({
        progress: fc.option(anyProgress, { nil: undefined }),
        expiresAtSeconds: seconds,
      }),
    ),
    withFields(
      fixed('stored'),
      fc.record({
        entity: anyEntity,
        notification: anyNotification,
        closedEmpty: fc.boolean(),
        dueAtSeconds: seconds,
      }),
    ),
    withFields(
      fixed('publishing'),
      fc.record({
        entity: anyEntity,
        notification: anyNotification,
        closedEmpty: fc.boolean(),
        leaseUntilMs: fc.integer({ min: 0, max: 2 ** 48 }),
        dueAtSeconds: seconds,
      }),
    ),
    withFields(
      fixed('complete'),
      fc.record({
        totalBytes: fc.nat(Number.MAX_SAFE_INTEGER),
        notification: anyNotification,
        cleanUp: anyCleanUp,
      }),
    ),
    withFields(
      fixed('tombstone'),
      fc.record({
        outcome: fc.constantFrom(...outcomes),
        uploadId: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
        cleanUp: anyCleanUp,
      }),
    ),
  );
});
