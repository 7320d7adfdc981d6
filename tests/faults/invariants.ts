import { crc32 } from 'node:zlib';
import { ListPartsCommand, type S3Client } from '@aws-sdk/client-s3';
import { fromItem } from '../../lib/session/item.ts';
import {
  nextOffset,
  type Publishing,
  type Receiving,
  type Session,
  type Tombstone,
} from '../../lib/session/session.ts';
import { holdingKey, replyKey, uploadTarget } from '../../lib/upload/held.ts';
import { stagingKey } from '../../lib/upload/staging.ts';
import type { TestRequest, TestResponse } from '../support/functions-harness.ts';
import { itemSizeBytes } from '../support/item-size.ts';
import { isKept, replyTo } from './application-words.ts';
import { itemOf } from './item-of.ts';
import type { Job } from './job.ts';
import type { PerformedCall } from './pending-call.ts';
import { stagingBucket, uploadBucket } from './servers.ts';
import type { Simulation } from './simulation.ts';
import { StoredObjects } from './stored-objects.ts';
import { ToldEvents } from './told-events.ts';

const maxItemBytes = 1024;

/** What the design promises, checked while a schedule runs and when it has ended. */
export class Invariants {
  /** Every session as its item stands, kept from the writes that the table accepted. */
  readonly sessions = new Map<string, Session>();
  readonly #replyUrls = new Map<string, string>();
  readonly #publications = new Map<string, number>();
  /** The highest offset that was ever committed for a session. */
  readonly #committed = new Map<string, number>();
  readonly #simulation: Simulation;
  readonly #s3: S3Client;
  readonly #stored: StoredObjects;
  readonly #jobs: readonly Job[];
  readonly #events = new ToldEvents((what) => this.#fail(what));

  constructor(simulation: Simulation, s3: S3Client, jobs: readonly Job[]) {
    this.#simulation = simulation;
    this.#s3 = s3;
    this.#stored = new StoredObjects(s3);
    this.#jobs = jobs;
  }

  /** P2 and the size of the item, at every write. */
  onPerformed({ service, operation, request, response }: PerformedCall): void {
    if (service !== 'dynamodb' || operation !== 'PutItem' || response.status !== 200) return;
    const item = itemOf(JSON.parse(Buffer.from(request.body).toString()).Item);
    const size = itemSizeBytes(item);
    if (size >= maxItemBytes) this.#fail(`an item of ${size} bytes`);
    const session = fromItem(item);
    const before = this.sessions.get(session.sessionId);
    this.sessions.set(session.sessionId, session);
    this.#events.onChange(before, session);
    this.#simulation.note(`  ${session.sessionId.slice(0, 4)} v${session.version} ${describe(session)}`);
    this.#committed.set(
      session.sessionId,
      Math.max(offsetOf(session), this.#committed.get(session.sessionId) ?? 0),
    );
    if (before !== undefined && offsetOf(session) < offsetOf(before) && session.state !== 'tombstone') {
      this.#fail(`the offset of ${session.sessionId} fell from ${offsetOf(before)} to ${offsetOf(session)}`);
    }
    if (
      session.state === 'tombstone' &&
      session.outcome === 'lost' &&
      this.isHeldSession(session.sessionId)
    ) {
      this.#fail(`${session.sessionId} ended lost, and its file lies in holding`);
    }
    const isPublished =
      session.state === 'complete' || (session.state === 'tombstone' && session.outcome === 'published');
    if (session.state === 'publishing' && isUnanswered(session, this.#simulation.nowMs)) {
      this.#fail(`${session.sessionId} is published although its application has not asked for that`);
    }
    if (before?.state === 'publishing' && isPublished) {
      const times = (this.#publications.get(session.sessionId) ?? 0) + 1;
      this.#publications.set(session.sessionId, times);
      if (times > 1) this.#fail(`${session.sessionId} was published ${times} times`);
    }
  }

  /** Whether the file is made in holding, from where it goes last: there is no conflict that could lose it. */
  isHeldSession(sessionId: string): boolean {
    const session = this.sessions.get(sessionId);
    return session !== undefined && session.place !== 'destination';
  }

  /** The offset that a packet's session has when the packet arrives. */
  before(request: TestRequest): number {
    return this.#committedOf(request);
  }

  /** P1 and P2, at every answer to a fragment: never more than is committed, never less than was when it came. */
  after(request: TestRequest, answer: TestResponse, committedBefore: number): void {
    const told = answer.headers['BITS-Received-Content-Range'];
    if (typeof told !== 'string') return;
    this.#checkReplyUrl(request, answer, Number(told));
    if (Number(told) > this.#committedOf(request)) {
      this.#fail(`offset ${told} was acknowledged, ${this.#committedOf(request)} is committed`);
    }
    if (Number(told) < committedBefore)
      this.#fail(`offset ${told} was answered after ${committedBefore} was committed`);
  }

  /** A reply's URL is named by every success that says the file is complete, by no other answer, and always the same. */
  #checkReplyUrl(request: TestRequest, { status, headers }: TestResponse, told: number): void {
    const session = request.headers?.['BITS-Session-Id'] ?? '';
    const total = Number(request.headers?.['Content-Range']?.split('/')[1] ?? '0');
    const isDue = status === 200 && told === total && request.path?.startsWith('/reply') === true;
    const url = headers['BITS-Reply-URL'];
    if (isDue !== (typeof url === 'string')) {
      this.#fail(`an answer ${status} at ${told} of ${total} ${isDue ? 'without' : 'with'} a reply's URL`);
    }
    const known = this.#replyUrls.get(session);
    if (url !== undefined && known !== undefined && url !== known)
      this.#fail(`${session} has two reply URLs`);
    if (typeof url === 'string') this.#replyUrls.set(session, url);
  }

  /** P1: every acknowledged byte is where its session says, in staging or in a part. */
  async checkDurable(): Promise<void> {
    for (const session of this.sessions.values()) {
      const job = this.#jobOf(session);
      if (job === undefined) continue;
      if (session.state === 'receiving' && session.progress !== undefined) {
        const { tail, next, uploadId, partCount, layout } = session.progress;
        for (const [index, piece] of tail.entries()) {
          const key = stagingKey(session.sessionId, piece);
          const expected = job.entity.subarray(piece.offset, tail[index + 1]?.offset ?? next);
          const actual = await this.#stored.bytes(stagingBucket, key);
          if (actual?.equals(expected) !== true)
            this.#fail(`acknowledged piece ${key} is gone or other bytes`);
        }
        if (uploadId !== undefined)
          await this.#checkParts(session, job, uploadId, partCount, layout.partBytes);
      }
      if (session.state !== 'receiving' && session.state !== 'tombstone') await this.#checkReply(session);
      if (
        session.place === 'from-holding' &&
        (session.state === 'stored' || session.state === 'publishing')
      ) {
        if (!(await this.#isHeld(session, job))) this.#fail(`the held file of ${session.sessionId} is gone`);
        continue;
      }
      if (session.state === 'stored' && (await this.#isHeld(session, job))) continue;
      if (session.state === 'stored') {
        const { uploadId, partCount, partBytes } = session.entity;
        await this.#checkParts(session, job, uploadId, partCount, partBytes);
      }
    }
  }

  /** P3, P4, P7 and what every client was told, when nothing is under way any more. */
  async checkOutcomes(): Promise<void> {
    this.#events.check(this.sessions.values());
    for (const job of this.#jobs) {
      const key = job.path.slice(1);
      const object = await this.#stored.bytes(uploadBucket, key);
      const owner = object === undefined ? undefined : await this.#stored.ownerOf(key);
      const ownerJob = this.#jobs.find(({ sessions }) => sessions.has(`{${owner}}`));
      if (object !== undefined) {
        const isFile = ownerJob !== undefined && object.equals(ownerJob.entity);
        const isEmptied = object.byteLength === 0 && this.#wasClosedEmpty(owner);
        if (!isFile && !isEmptied) this.#fail(`the object ${key} is not the file of its session ${owner}`);
      }
      const isOurs = ownerJob === job;
      const mayBeReplaced = key.startsWith('over/');
      // A 409 that destroys the upload, and a death before that is written down, cannot be told from a consumer that has
      // moved the object (docs/concurrency.md): the one case in which success is believed without an object.
      // Of a file that lies in holding nothing is believed.
      const isHeld = job.path.startsWith('/reply');
      const isBelieved = !isHeld && this.#simulation.destroyedAt.has(key) && this.#wasUnverified(job);
      const isExcused = this.#wasKept(job) || isBelieved || (mayBeReplaced && object !== undefined);
      if (job.told === 'success' && !isOurs && !isExcused) {
        this.#fail(
          `${job.name} was told success, and ${key} is ${owner === undefined ? 'absent' : 'another’s'}`,
        );
      }
      if (job.told === 'lost' && (isHeld || !this.#simulation.destroyedAt.has(key))) {
        this.#fail(`${job.name} was told that its file is lost`);
      }
    }
    for (const [sessionId, session] of this.sessions) {
      const key = session.key;
      if (session.state !== 'tombstone' || session.outcome === 'published') continue;
      if ((await this.#stored.ownerOf(key)) === sessionId)
        this.#fail(`${sessionId} ended ${session.outcome}, its object is there`);
    }
  }

  /** What nobody needs any more, as lines. */
  describeOpen(): readonly string[] {
    return [...this.sessions.values()]
      .filter(
        (session) =>
          session.state !== 'tombstone' &&
          (session.state !== 'complete' || session.notification !== undefined),
      )
      .map((session) => `${session.sessionId} ${describe(session)}`);
  }

  /** Its publication counted as one with an alarm. */
  #wasUnverified(job: Job): boolean {
    return [...job.sessions].some((id) => this.#simulation.unverified.has(id.slice(1, -1)));
  }

  /** Its application took the file and wanted it nowhere else. */
  #wasKept(job: Job): boolean {
    return [...job.sessions].some((id) => {
      const session = this.sessions.get(id.slice(1, -1));
      return session?.state === 'tombstone' && session.outcome === 'answered' && isKept(session.sessionId);
    });
  }

  /** Whether the whole file lies in holding, where its application may be reading it. */
  async #isHeld(session: Session, job: Job): Promise<boolean> {
    if (session.place === 'destination') return false;
    const held = await this.#stored.bytes(stagingBucket, holdingKey(session.sessionId));
    return held?.equals(job.entity) === true;
  }

  /** A reply that a session names, and so may have been told to its client, is there and is the application's. */
  async #checkReply(session: Exclude<Session, Receiving | Tombstone>): Promise<void> {
    const { notification, sessionId } = session;
    if (notification?.is !== 'answered' || !('token' in notification.reply)) return;
    const reply = await this.#stored.bytes(stagingBucket, replyKey(sessionId, notification.reply.token));
    if (reply?.toString() !== replyTo(sessionId)) this.#fail(`the reply of ${sessionId} is gone or another`);
  }

  /** Its session was closed before a byte of it had come. */
  #wasClosedEmpty(owner: string | undefined): boolean {
    return owner !== undefined && this.sessions.has(owner) && (this.#committed.get(owner) ?? 0) === 0;
  }

  async #checkParts(
    session: Session,
    job: Job,
    uploadId: string,
    count: number,
    partBytes: number,
  ): Promise<void> {
    const { bucket, key } = uploadTarget({ stagingBucket }, session);
    const listed = await this.#s3
      .send(new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId }))
      .catch(() => undefined);
    for (let number = 1; number <= count; number++) {
      const part = listed?.Parts?.find(({ PartNumber }) => PartNumber === number);
      const expected = job.entity.subarray((number - 1) * partBytes, number * partBytes);
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(crc32(expected));
      if (part?.Size !== expected.byteLength || part.ChecksumCRC32 !== sum.toString('base64')) {
        this.#fail(`acknowledged part ${number} of ${session.sessionId} is gone or other bytes`);
      }
    }
  }

  #committedOf(request: TestRequest): number {
    return this.#committed.get(request.headers?.['BITS-Session-Id']?.replace(/[{}]/g, '') ?? '') ?? 0;
  }

  #jobOf(session: Session): Job | undefined {
    return this.#jobs.find(({ sessions }) => sessions.has(`{${session.sessionId}}`));
  }

  #fail(what: string): void {
    this.#simulation.fail(what);
  }
}

/** Nobody but the sweep, at a session's end, publishes what an application has not asked to have published. */
const isUnanswered = ({ notification }: Publishing, nowMs: number): boolean =>
  notification !== undefined &&
  !(notification.is === 'answered' && notification.publish) &&
  nowMs < notification.endsAtSeconds * 1_000;

/** A tombstone says nothing of offsets, so nothing may be concluded from it. */
const offsetOf = (session: Session): number => (session.state === 'tombstone' ? 0 : nextOffset(session));

const describe = (session: Session): string => {
  switch (session.state) {
    case 'receiving':
      return `receiving ${nextOffset(session)}, ${session.progress?.partCount ?? 0} parts, ${session.progress?.tail.length ?? 0} pieces`;
    case 'tombstone':
      return `tombstone ${session.outcome}${session.cleanUp.pending ? ', clean-up pending' : ''}`;
    default:
      return session.state;
  }
};
