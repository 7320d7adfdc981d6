import { anonymousPrincipal } from '../protocol/constants.ts';
import { flag, type Item, ItemReader, number } from './item-attributes.ts';
import { notificationItem, readNotification } from './notification-item.ts';
import type { CleanUp, Entity, Notification, Outcome, Progress, Session, SessionBase } from './session.ts';
import { packTail, unpackTail } from './tail-codec.ts';

export type { Item } from './item-attributes.ts';

/** Sessions that wait for the sweep are spread over this many keys of the sparse index. */
export const sweepShards = 8;

/**
 * The DynamoDB item of a session. DynamoDB bills a write by the whole item, names included, so it stays under 1 KB: names
 * are short, what is off is left out, and nothing is kept that S3 or another attribute already knows. `expiresAt` is the
 * table's TTL attribute; `sweepShard` and `dueAt` are the key of the sweep's sparse index. An item has one or the other.
 * `user` and `total` together are the key of the other index: both are there from the first fragment to the end of the upload,
 * for the client: with what is published, or failed for its application, `total` is `size`.
 */
export const toItem = (session: Session): Item => ({
  sessionId: { S: session.sessionId },
  url: { B: Buffer.from(session.urlHash, 'hex') },
  // Nobody's sessions are nobody's: they stay out of the index of what a principal has open.
  ...(session.principal === anonymousPrincipal ? {} : { user: { S: session.principal } }),
  prefix: { S: session.destination },
  bucket: { S: session.bucket },
  key: { S: session.key },
  ...flag('replace', session.allowOverwrites),
  ...flag('onLast', session.publishOn === 'last-fragment'),
  ...(session.place === 'destination' ? {} : { held: { BOOL: session.place === 'holding' } }),
  created: number(session.createdAtMs),
  version: number(session.version),
  attempt: { B: Buffer.from(session.attempt, 'hex') },
  state: { S: session.state },
  ...stateItem(session),
});

const stateItem = (session: Session): Item => {
  switch (session.state) {
    case 'receiving':
      return {
        expiresAt: number(session.expiresAtSeconds),
        ...(session.progress === undefined ? {} : progressItem(session.progress)),
      };
    case 'stored':
      return {
        ...entityItem(session.entity, session.notification),
        ...notificationItem(session.notification),
        ...flag('closedEmpty', session.closedEmpty),
        ...dueItem(session),
      };
    case 'publishing':
      return {
        ...entityItem(session.entity, session.notification),
        ...notificationItem(session.notification),
        ...flag('closedEmpty', session.closedEmpty),
        leaseUntil: number(session.leaseUntilMs),
        ...dueItem(session),
      };
    case 'complete':
      return {
        // Under another name, for it is open no more.
        size: number(session.totalBytes),
        ...notificationItem(session.notification),
        ...cleanUpItem(session, session.cleanUp),
      };
    case 'tombstone':
      return {
        outcome: { S: session.outcome },
        ...uploadItem(session.uploadId),
        ...cleanUpItem(session, session.cleanUp),
      };
  }
};

const uploadItem = (uploadId: string | undefined): Item =>
  uploadId === undefined ? {} : { upload: { S: uploadId } };

const progressItem = (progress: Progress): Item => ({
  total: number(progress.layout.totalBytes),
  partSize: number(progress.layout.partBytes),
  next: number(progress.next),
  crc: number(progress.crc32),
  parts: number(progress.partCount),
  ...uploadItem(progress.uploadId),
  ...(progress.tail.length === 0
    ? {}
    : { tail: { B: packTail(progress.tail, progress.partCount * progress.layout.partBytes) } }),
});

const entityItem = (entity: Entity, notification: Notification | undefined): Item => ({
  // The client's job has ended with its application's failure, and a job that has ended is none that is under way.
  [notification?.is === 'failed' ? 'size' : 'total']: number(entity.totalBytes),
  partSize: number(entity.partBytes),
  crc: number(entity.crc32),
  parts: number(entity.partCount),
  upload: { S: entity.uploadId },
  ...(entity.originalName === undefined ? {} : { name: { S: entity.originalName } }),
});

const dueItem = (session: SessionBase & { readonly dueAtSeconds: number }): Item => ({
  sweepShard: number(sweepShardOf(session.sessionId)),
  dueAt: number(session.dueAtSeconds),
});

const cleanUpItem = (session: SessionBase, cleanUp: CleanUp): Item =>
  cleanUp.pending
    ? dueItem({ ...session, dueAtSeconds: cleanUp.dueAtSeconds })
    : { expiresAt: number(cleanUp.expiresAtSeconds) };

/** Session ids are random, so their first digits spread evenly. */
const sweepShardOf = (sessionId: string): number => Number.parseInt(sessionId.slice(0, 8), 16) % sweepShards;

/**
 * The session of an item.
 * @throws StoreError CORRUPT if the item was not written by `toItem`
 */
export const fromItem = (item: Item): Session => {
  const read = new ItemReader(item);
  const base: SessionBase = {
    sessionId: read.string('sessionId'),
    urlHash: read.hex('url', 32),
    principal: read.optionalString('user') ?? anonymousPrincipal,
    destination: read.string('prefix'),
    bucket: read.string('bucket'),
    key: read.string('key'),
    allowOverwrites: read.flag('replace'),
    publishOn: read.flag('onLast') ? 'last-fragment' : 'close-session',
    // Three places in one short attribute: there is no room for a name of each.
    place: !read.has('held') ? 'destination' : read.flag('held') ? 'holding' : 'from-holding',
    createdAtMs: read.number('created'),
    version: read.number('version'),
    attempt: read.hex('attempt', 6),
  };
  const state = read.oneOf('state', ['receiving', 'stored', 'publishing', 'complete', 'tombstone']);
  switch (state) {
    case 'receiving':
      return { ...base, state, progress: readProgress(read), expiresAtSeconds: read.number('expiresAt') };
    case 'stored':
      return {
        ...base,
        state,
        entity: readEntity(read),
        notification: readNotification(read),
        closedEmpty: read.flag('closedEmpty'),
        dueAtSeconds: read.number('dueAt'),
      };
    case 'publishing':
      return {
        ...base,
        state,
        entity: readEntity(read),
        notification: readNotification(read),
        closedEmpty: read.flag('closedEmpty'),
        leaseUntilMs: read.number('leaseUntil'),
        dueAtSeconds: read.number('dueAt'),
      };
    case 'complete':
      return {
        ...base,
        state,
        totalBytes: read.number('size'),
        notification: readNotification(read),
        cleanUp: readCleanUp(read),
      };
    case 'tombstone':
      return {
        ...base,
        state,
        outcome: read.oneOf<Outcome>('outcome', [
          'published',
          'answered',
          'cancelled',
          'refused',
          'early',
          'lost',
        ]),
        uploadId: read.optionalString('upload'),
        cleanUp: readCleanUp(read),
      };
  }
};

const readProgress = (read: ItemReader): Progress | undefined => {
  // Half of it missing is not the same as nothing accepted yet: that would forget acknowledged bytes.
  if (!['total', 'partSize', 'next', 'crc', 'parts', 'upload', 'tail'].some((name) => read.has(name))) {
    return undefined;
  }
  const layout = { totalBytes: read.number('total'), partBytes: read.number('partSize') };
  const partCount = read.number('parts');
  const packed = read.has('tail') ? read.binary('tail') : new Uint8Array(0);
  const tail = unpackTail(packed, partCount * layout.partBytes);
  if (tail === undefined) throw read.corrupt('tail');
  return {
    next: read.number('next'),
    layout,
    uploadId: read.optionalString('upload'),
    partCount,
    tail,
    crc32: read.number('crc'),
  };
};

const readEntity = (read: ItemReader): Entity => ({
  totalBytes: read.number(read.has('size') ? 'size' : 'total'),
  partBytes: read.number('partSize'),
  uploadId: read.string('upload'),
  partCount: read.number('parts'),
  crc32: read.number('crc'),
  originalName: read.optionalString('name'),
});

const readCleanUp = (read: ItemReader): CleanUp =>
  read.has('dueAt')
    ? { pending: true, dueAtSeconds: read.number('dueAt') }
    : { pending: false, expiresAtSeconds: read.number('expiresAt') };
