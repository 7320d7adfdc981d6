import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import { fromItem } from '../../lib/session/item.ts';
import { stagingKey } from '../../lib/upload/staging.ts';
import { type FunctionsHarness, memoryHarness, type TestResponse } from '../support/functions-harness.ts';
import { itemSizeBytes } from '../support/item-size.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import type { MemorySessionStore } from '../support/memory-session-store.ts';
import { cancelPacket, closePacket, fragmentPacket, openSession } from '../support/packets.ts';

type Harness = FunctionsHarness<MemorySessionStore, MemoryObjectStore>;

export interface UploadOptions {
  readonly totalBytes: number;
  readonly maxTailPieces: number;
  readonly publishOn: 'close-session' | 'last-fragment';
  readonly environments: number;
  /** How many turns of the event loop each call of a store takes, over and over: the interleaving of parallel packets. */
  readonly turns: readonly number[];
}

/** Parts and their least size, small enough for files of kilobytes. */
export const targetPartBytes = 4096;
const minPartBytes = 1024;

const path = `/drop/${'a long name '.repeat(15)}.bin`;
const key = path.slice('/drop/'.length);

/** Every offset has its own bytes, so that a piece in the wrong place cannot go unseen. */
const pattern = Buffer.alloc(64 * 1024);
for (let at = 0; at < pattern.byteLength; at += 4) pattern.writeUInt32BE(crc32(`${at}`), at);

/** A client that may do anything, and what has to be true after each of its packets. */
export class SimulatedUpload {
  readonly harness: Harness;
  readonly #environments: readonly Harness[];
  readonly #entity: Buffer;
  #session = '';
  readonly #abandoned: string[] = [];
  #at = 0;
  /** The next byte to send, as far as the client has heard. */
  next = 0;
  /** The highest offset that any answer of this session had. */
  #acknowledged = 0;

  constructor(options: UploadOptions) {
    this.harness = memoryHarness({
      objects: new MemoryObjectStore(minPartBytes),
      destination: { publishOn: options.publishOn },
      limits: { targetPartBytes, maxTailPieces: options.maxTailPieces },
    });
    const others = Array.from({ length: options.environments - 1 }, () => this.harness.anotherEnvironment());
    this.#environments = [this.harness, ...others];
    this.#entity = pattern.subarray(0, options.totalBytes);
    let calls = 0;
    const takeTurns = async () => {
      const turns = options.turns[calls++ % options.turns.length] ?? 0;
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    };
    for (const { hooks } of [this.harness.objects, this.harness.sessions]) {
      hooks.before = takeTurns;
      hooks.after = takeTurns;
    }
  }

  get totalBytes(): number {
    return this.#entity.byteLength;
  }

  /** Begins a session; the one before is left behind, unless it has published the file already. */
  async create(keepOffset = false): Promise<void> {
    if (this.harness.objects.object('destination', key) !== undefined) return;
    if (this.#session !== '') this.#abandoned.push(this.#session);
    this.#session = await openSession(this.#environment, path);
    this.#acknowledged = 0;
    if (!keepOffset) this.next = 0;
  }

  switchEnvironment(): void {
    this.#at = (this.#at + 1) % this.#environments.length;
  }

  coldStart(): void {
    this.#environment.coldStart();
  }

  /** Sends bytes `[from, end)`, as far as the file has them, and judges the answer. */
  async send(from: number, end: number): Promise<void> {
    await this.#send(this.#environment, this.#clamp(from, end));
  }

  /** The same, but the answer is lost on the way. */
  async sendDeaf(from: number, end: number): Promise<void> {
    const { next } = this;
    await this.send(from, end);
    this.next = next;
  }

  /** Several fragments at once, each at another environment where there are some. */
  async sendTogether(ranges: readonly (readonly [from: number, end: number])[]): Promise<void> {
    const before = this.#acknowledged;
    await Promise.all(
      ranges.map(([from, end], index) => {
        const environment = this.#environments[index % this.#environments.length] ?? this.harness;
        return this.#send(environment, this.#clamp(from, end), before);
      }),
    );
  }

  /** The bytes that were acknowledged are where the session says, all of them. */
  expectDurable(): void {
    const item = this.harness.sessions.items.get(this.#session.slice(1, -1));
    const session = item && fromItem(item);
    if (session?.state !== 'receiving' || session.progress === undefined) return;
    const { next, tail, uploadId, partCount, crc32: sum } = session.progress;
    const parts = this.harness.objects.uploads.get(uploadId ?? '')?.parts;
    const stored = [
      ...Array.from({ length: partCount }, (_, index) => parts?.get(index + 1)?.body),
      ...tail.map((piece) => this.harness.objects.pieces.get(stagingKey(session.sessionId, piece))),
    ];
    expect(stored).not.toContain(undefined);
    const bytes = Buffer.concat(stored.filter((body) => body !== undefined));
    expect(bytes.equals(this.#entity.subarray(0, next))).toBe(true);
    expect(sum).toBe(crc32(bytes));
    expect(next).toBeGreaterThanOrEqual(this.#acknowledged);
  }

  /** Sends what is missing, closes, and looks: the file, whole, once, and nothing beside it. */
  async finish(fragmentBytes: number): Promise<void> {
    while (this.#acknowledged < this.totalBytes) {
      await this.send(this.next, this.next + fragmentBytes);
    }
    for (const session of this.#abandoned) {
      expect((await this.#environment.send(cancelPacket(session, path))).status).toBe(200);
    }
    const closing = this.#environments.map((environment) =>
      environment.send(closePacket(this.#session, path)),
    );
    for (const { status } of await Promise.all(closing)) expect(status).toBe(200);
    expect((await this.harness.send(closePacket(this.#session, path))).status).toBe(200);
    this.#expectSmallItems();
    const { objects } = this.harness;
    expect(objects.object('destination', key)?.body.equals(this.#entity)).toBe(true);
    expect([...objects.pieces.keys()]).toEqual([]);
    expect([...objects.uploads.keys()]).toEqual([]);
    expect(objects.calls.completeUpload).toBe(1);
    for (const environment of this.#environments) expect(environment.alarms).toEqual([]);
  }

  get #environment(): Harness {
    return this.#environments[this.#at] ?? this.harness;
  }

  /** A range of at least one byte inside the file. */
  #clamp(from: number, end: number): readonly [number, number] {
    const first = Math.min(Math.max(0, from), this.totalBytes - 1);
    return [first, Math.min(Math.max(first + 1, end), this.totalBytes)];
  }

  async #send(
    environment: Harness,
    [from, end]: readonly [number, number],
    known = this.#acknowledged,
  ): Promise<void> {
    const body = this.#entity.subarray(from, end);
    const answer = await environment.send(fragmentPacket(this.#session, from, body, this.totalBytes, path));
    const offset = offsetOf(answer);
    expect([200, 416]).toContain(answer.status);
    expect(offset).toBeLessThanOrEqual(this.totalBytes);
    // Never less than what had been acknowledged when the packet was sent.
    expect(offset).toBeGreaterThanOrEqual(known);
    if (answer.status === 416) expect(from).toBeGreaterThan(known);
    else expect(offset).toBeGreaterThanOrEqual(end);
    if (from <= known) expect(answer.status).toBe(200);
    this.#acknowledged = Math.max(this.#acknowledged, offset);
    this.next = offset;
    this.#expectSmallItems();
  }

  #expectSmallItems(): void {
    const sizes = [...this.harness.sessions.items.values()].map(itemSizeBytes);
    expect(Math.max(...sizes)).toBeLessThan(1024);
  }
}

const offsetOf = ({ headers }: TestResponse): number => {
  const text = headers['BITS-Received-Content-Range'];
  expect(text).toMatch(/^\d+$/);
  return Number(text);
};
