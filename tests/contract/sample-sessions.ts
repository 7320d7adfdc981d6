import { randomBytes, randomUUID } from 'node:crypto';
import type {
  Complete,
  Notification,
  Publishing,
  Receiving,
  Session,
  Stored,
  Tombstone,
} from '../../lib/session/session.ts';

const base = () => ({
  sessionId: randomUUID().toUpperCase(),
  urlHash: randomBytes(32).toString('hex'),
  principal: 'Jörg "the" Müller, 日本',
  destination: '/drop/',
  bucket: 'destination',
  key: 'reports/2026/Bericht ä & <b>.xlsx',
  allowOverwrites: false,
  publishOn: 'close-session' as const,
  place: 'destination' as const,
  createdAtMs: 1_795_348_800_123,
  version: 1,
  attempt: newAttempt(),
});

export const newAttempt = (): string => randomBytes(6).toString('hex');

/** A new session with an id of its own. */
export const newSession = (changes: Partial<Receiving> = {}): Receiving => ({
  ...base(),
  state: 'receiving',
  progress: undefined,
  expiresAtSeconds: 2_000_000_000,
  ...changes,
});

/** The next version of a session, by another attempt. */
export const nextVersion = (session: Receiving, changes: Partial<Receiving> = {}): Receiving => ({
  ...session,
  version: session.version + 1,
  attempt: newAttempt(),
  ...changes,
});

const maxBytes = Number.MAX_SAFE_INTEGER;
const entity = {
  totalBytes: maxBytes,
  partBytes: 5 * 2 ** 30,
  uploadId: 'upload/id+with=signs',
  partCount: 10_000,
  crc32: 0xffff_ffff,
};
const due = { pending: true, dueAtSeconds: 1_900_000_000 } as const;
const done = { pending: false, expiresAtSeconds: 1_900_000_000 } as const;

const token = '00112233445566778899aabbccddeeff';
const endsAtSeconds = 1_900_000_000;
const notifications: readonly Notification[] = [
  { is: 'due', token, endsAtSeconds },
  { is: 'sent', token, endsAtSeconds, leaseUntilMs: 1_795_348_800_999 },
  { is: 'answered', reply: { token }, publish: true, endsAtSeconds },
  { is: 'answered', reply: { url: 'https://example.test/reply?a=b' }, publish: false, endsAtSeconds },
  { is: 'failed', status: 403, hresult: 0x8019_0193, endsAtSeconds },
];

/** One session of every state, with every optional value there and not there, and the largest numbers. */
export const everyState = (): readonly [string, Session][] => {
  const halfway: Receiving = newSession({
    progress: {
      next: 4 * 2 ** 30 + 1000,
      layout: { totalBytes: maxBytes, partBytes: 2 ** 30 },
      uploadId: 'u',
      partCount: 4,
      tail: [
        { offset: 4 * 2 ** 30, level: 3, attempt: newAttempt() },
        { offset: 4 * 2 ** 30 + 999, level: 0, attempt: newAttempt() },
      ],
      crc32: 0,
    },
  });
  const firstBytes = newSession({
    allowOverwrites: true,
    publishOn: 'last-fragment',
    progress: {
      next: 1,
      layout: { totalBytes: 2, partBytes: 8 },
      uploadId: undefined,
      partCount: 0,
      tail: [{ offset: 0, level: 0, attempt: newAttempt() }],
      crc32: 1,
    },
  });
  const stored: Stored = {
    ...base(),
    state: 'stored',
    entity,
    notification: undefined,
    closedEmpty: false,
    dueAtSeconds: 1,
  };
  const publishing: Publishing = {
    ...base(),
    state: 'publishing',
    entity: { ...entity, totalBytes: 0, partCount: 1, crc32: 0 },
    notification: undefined,
    closedEmpty: true,
    leaseUntilMs: 1_795_348_800_999,
    dueAtSeconds: 1,
  };
  const complete: Complete = {
    ...base(),
    state: 'complete',
    totalBytes: 0,
    notification: undefined,
    cleanUp: due,
  };
  const outcomes = ['published', 'answered', 'cancelled', 'refused', 'early', 'lost'] as const;
  return [
    ['a new session', newSession()],
    ['the first bytes', firstBytes],
    ['halfway, with a part and a tail', halfway],
    ['stored', stored],
    ['publishing an empty one', publishing],
    ...notifications.map((notification): [string, Session] => [
      `a notification ${notification.is}`,
      { ...stored, ...base(), place: 'holding', notification },
    ]),
    [
      'publishing what was held',
      { ...publishing, ...base(), place: 'from-holding', notification: notifications[2] },
    ],
    [
      'complete with a reply',
      { ...complete, ...base(), place: 'from-holding', notification: notifications[3] },
    ],
    ['complete, clean-up due', complete],
    ['complete, cleaned', { ...complete, ...base(), cleanUp: done }],
    ...outcomes.map((outcome, index): [string, Tombstone] => [
      `ended: ${outcome}`,
      {
        ...base(),
        state: 'tombstone',
        outcome,
        uploadId: index % 2 === 0 ? undefined : 'u',
        cleanUp: index % 2 === 0 ? done : due,
      },
    ]),
  ];
};
