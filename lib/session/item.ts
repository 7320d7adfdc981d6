import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { CleanUp, Entity, Outcome, Progress, Session, SessionBase } from './session.ts';
import { StoreError } from './store.ts';
import { packTail, unpackTail } from './tail-codec.ts';

export type Item = Record<string, AttributeValue>;

/** Sessions that wait for the sweep are spread over this many keys of the sparse index. */
export const sweepShards = 8;

/**
 * The DynamoDB item of a session. DynamoDB bills a write by the whole item, so it stays under 1 KB: nothing is kept that
 * S3 or another attribute already knows. `expiresAt` is the table's TTL attribute; `sweepShard` and `dueAt` are the key
 * of its sparse index. An item has one or the other.
 */
export const toItem = (session: Session): Item => ({
  sessionId: { S: session.sessionId },
  urlHash: { B: Buffer.from(session.urlHash, 'hex') },
  principal: { S: session.principal },
  destination: { S: session.destination },
  bucket: { S: session.bucket },
  key: { S: session.key },
  overwrite: { BOOL: session.allowOverwrites },
  publishOn: { S: session.publishOn },
  createdAt: number(session.createdAtMs),
  version: number(session.version),
  attempt: { B: Buffer.from(session.attempt, 'hex') },
  state: { S: session.state },
  ...stateItem(session),
});

const number = (value: number): AttributeValue => ({ N: value.toString(10) });

const stateItem = (session: Session): Item => {
  switch (session.state) {
    case 'receiving':
      return {
        expiresAt: number(session.expiresAtSeconds),
        ...(session.progress === undefined ? {} : progressItem(session.progress)),
      };
    case 'stored':
      return { ...entityItem(session.entity), ...flag(session.closedEmpty), ...dueItem(session) };
    case 'publishing':
      return {
        ...entityItem(session.entity),
        ...flag(session.closedEmpty),
        leaseUntil: number(session.leaseUntilMs),
        ...dueItem(session),
      };
    case 'complete':
      return { total: number(session.totalBytes), ...cleanUpItem(session, session.cleanUp) };
    case 'tombstone':
      return {
        outcome: { S: session.outcome },
        ...(session.uploadId === undefined ? {} : { uploadId: { S: session.uploadId } }),
        ...cleanUpItem(session, session.cleanUp),
      };
  }
};

const flag = (closedEmpty: boolean): Item => (closedEmpty ? { closedEmpty: { BOOL: true } } : {});

const progressItem = (progress: Progress): Item => ({
  total: number(progress.layout.totalBytes),
  partBytes: number(progress.layout.partBytes),
  next: number(progress.next),
  crc32: number(progress.crc32),
  parts: number(progress.partCount),
  ...(progress.uploadId === undefined ? {} : { uploadId: { S: progress.uploadId } }),
  ...(progress.tail.length === 0
    ? {}
    : { tail: { B: packTail(progress.tail, progress.partCount * progress.layout.partBytes) } }),
});

const entityItem = (entity: Entity): Item => ({
  total: number(entity.totalBytes),
  partBytes: number(entity.partBytes),
  crc32: number(entity.crc32),
  parts: number(entity.partCount),
  uploadId: { S: entity.uploadId },
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
    urlHash: read.hex('urlHash'),
    principal: read.string('principal'),
    destination: read.string('destination'),
    bucket: read.string('bucket'),
    key: read.string('key'),
    allowOverwrites: read.boolean('overwrite'),
    publishOn: read.oneOf('publishOn', ['close-session', 'last-fragment']),
    createdAtMs: read.number('createdAt'),
    version: read.number('version'),
    attempt: read.hex('attempt'),
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
        closedEmpty: read.has('closedEmpty'),
        dueAtSeconds: read.number('dueAt'),
      };
    case 'publishing':
      return {
        ...base,
        state,
        entity: readEntity(read),
        closedEmpty: read.has('closedEmpty'),
        leaseUntilMs: read.number('leaseUntil'),
        dueAtSeconds: read.number('dueAt'),
      };
    case 'complete':
      return { ...base, state, totalBytes: read.number('total'), cleanUp: readCleanUp(read) };
    case 'tombstone':
      return {
        ...base,
        state,
        outcome: read.oneOf<Outcome>('outcome', ['published', 'cancelled', 'refused', 'early', 'lost']),
        uploadId: read.optionalString('uploadId'),
        cleanUp: readCleanUp(read),
      };
  }
};

const readProgress = (read: ItemReader): Progress | undefined => {
  if (!read.has('next')) return undefined;
  const layout = { totalBytes: read.number('total'), partBytes: read.number('partBytes') };
  const partCount = read.number('parts');
  const packed = read.has('tail') ? read.binary('tail') : new Uint8Array(0);
  const tail = unpackTail(packed, partCount * layout.partBytes);
  if (tail === undefined) throw read.corrupt('tail');
  return {
    next: read.number('next'),
    layout,
    uploadId: read.optionalString('uploadId'),
    partCount,
    tail,
    crc32: read.number('crc32'),
  };
};

const readEntity = (read: ItemReader): Entity => ({
  totalBytes: read.number('total'),
  partBytes: read.number('partBytes'),
  uploadId: read.string('uploadId'),
  partCount: read.number('parts'),
  crc32: read.number('crc32'),
});

const readCleanUp = (read: ItemReader): CleanUp =>
  read.has('dueAt')
    ? { pending: true, dueAtSeconds: read.number('dueAt') }
    : { pending: false, expiresAtSeconds: read.number('expiresAt') };

/** Reads attributes by type; anything unexpected is a corrupt item, named by its attribute. */
class ItemReader {
  readonly #item: Item;

  constructor(item: Item) {
    this.#item = item;
  }

  has(name: string): boolean {
    return this.#item[name] !== undefined;
  }

  string(name: string): string {
    return this.optionalString(name) ?? this.#fail(name);
  }

  optionalString(name: string): string | undefined {
    return this.#item[name]?.S;
  }

  number(name: string): number {
    const value = Number(this.#item[name]?.N ?? 'missing');
    return Number.isSafeInteger(value) && value >= 0 ? value : this.#fail(name);
  }

  boolean(name: string): boolean {
    return this.#item[name]?.BOOL ?? this.#fail(name);
  }

  binary(name: string): Uint8Array {
    return this.#item[name]?.B ?? this.#fail(name);
  }

  hex(name: string): string {
    return Buffer.from(this.binary(name)).toString('hex');
  }

  oneOf<const T extends string>(name: string, values: readonly T[]): T {
    const value = this.optionalString(name);
    return values.find((known) => known === value) ?? this.#fail(name);
  }

  corrupt(name: string): StoreError {
    return new StoreError('CORRUPT', `the session item has no valid attribute ${name}`);
  }

  #fail(name: string): never {
    throw this.corrupt(name);
  }
}
