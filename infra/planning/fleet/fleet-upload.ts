import type { Layout, Piece } from '../../../lib/session/session.ts';
import { layoutFor, partCountOf, planFragment, s3PartLimits } from '../../../lib/upload/parts.ts';
import { pieceBytes, planTail } from '../../../lib/upload/tail.ts';
import { s3CallMs, timing, workMs } from '../timing.ts';
import type { ExecutionEnvironment } from './environments.ts';
import type { Job } from './workload.ts';

/** A piece, and who still has it in memory. */
interface StagedPiece extends Piece {
  readonly environment: ExecutionEnvironment | undefined;
  /** How much that one had staged by then. */
  readonly stagedBytes: number;
}

/** What one fragment asked of the services. */
export interface FragmentCost {
  readonly bytes: number;
  readonly isSessionKnown: boolean;
  readonly stagingWrites: number;
  readonly stagingReads: number;
  readonly stagingDeletes: number;
  /** UploadPart, and beginning the upload. */
  readonly destinationWrites: number;
  readonly bytesWritten: number;
  readonly bytesRead: number;
  /** Pieces that went into a part or a larger piece. */
  readonly gathered: number;
  readonly serviceMs: number;
}

/** As lib/upload/warm.ts and the composition bound them, with 512 MB. */
const rememberedSessions = 500;
const rememberedBytes = 64 * 2 ** 20;
const maxTailPieces = 20;

/** One file on its way, its bytes going the way that the product's own functions decide. */
export class FleetUpload {
  readonly bytesPerMs: number;
  readonly #layout: Layout;
  readonly #fragmentBytes: number;
  #next = 0;
  #partCount = 0;
  #tail: readonly StagedPiece[] = [];
  #last: { readonly environment: ExecutionEnvironment; readonly stored: number } | undefined;

  constructor({ fileBytes, bytesPerMs }: Job, fragmentBytes: number) {
    this.bytesPerMs = bytesPerMs;
    this.#fragmentBytes = fragmentBytes;
    this.#layout = layoutFor(fileBytes, Math.min(fragmentBytes, fileBytes), s3PartLimits);
  }

  get isComplete(): boolean {
    return this.#next === this.#layout.totalBytes;
  }

  get parts(): number {
    return partCountOf(this.#layout);
  }

  /** How long the client sends its next fragment. */
  get sendingMs(): number {
    return (this.#end() - this.#next) / this.bytesPerMs;
  }

  /** As if so many fragments had been stored by environments that are gone. */
  skip(fragments: number): void {
    const stored = Math.min(fragments * this.#fragmentBytes, this.#layout.totalBytes - 1);
    this.#partCount = Math.floor(stored / this.#layout.partBytes);
    this.#next = this.#partCount * this.#layout.partBytes;
    // Only what waits for the part under way matters from here on.
    for (let left = Math.floor((stored - this.#next) / this.#fragmentBytes); left > 0; left--)
      this.#stage(undefined);
  }

  /** Stores the next fragment in an environment. */
  store(environment: ExecutionEnvironment): FragmentCost {
    const from = this.#next;
    const end = this.#end();
    const isSessionKnown =
      this.#last?.environment === environment && environment.stored - this.#last.stored < rememberedSessions;
    const stagingDeletes = environment.garbage > 0 ? 1 : 0;
    environment.garbage = 0;
    const plan = planFragment(this.#layout, this.#partCount, from, end);
    let waitMs = timing.dynamodbCallMs + (isSessionKnown ? 0 : timing.dynamodbCallMs);
    let written: number;
    let gathered: Gathered;
    let destinationWrites = 0;
    let stagingWrites = 0;
    if (plan.parts.length === 0) {
      const merged = planTail(this.#tail, from, maxTailPieces).merge;
      gathered = this.#gather(merged, from, environment);
      written = this.#stage(environment);
      stagingWrites = 1;
      waitMs += s3CallMs(written);
    } else {
      gathered = this.#gather(this.#tail, from, environment);
      const partBytes = plan.parts.reduce((sum, part) => sum + part.end - part.from, 0);
      destinationWrites = plan.parts.length + (this.#partCount === 0 ? 1 : 0);
      waitMs += s3CallMs(partBytes) + (this.#partCount === 0 ? s3CallMs(0) : 0);
      this.#partCount += plan.parts.length;
      this.#tail = [];
      written = partBytes;
      if (plan.rest !== undefined) {
        const rest = plan.rest.end - plan.rest.from;
        environment.stagedBytes += rest;
        const piece = { offset: plan.rest.from, level: 0, attempt: '' };
        this.#tail = [{ ...piece, environment, stagedBytes: environment.stagedBytes }];
        stagingWrites = 1;
        written += rest;
      }
      this.#next = end;
    }
    environment.garbage += gathered.pieces;
    environment.stored++;
    this.#last = { environment, stored: environment.stored };
    if (gathered.reads > 0) waitMs += s3CallMs(gathered.largestBytes);
    return {
      bytes: end - from,
      isSessionKnown,
      stagingWrites,
      stagingReads: gathered.reads,
      stagingDeletes,
      destinationWrites,
      bytesWritten: written,
      bytesRead: gathered.bytes,
      gathered: gathered.pieces,
      serviceMs: waitMs + workMs(end - from),
    };
  }

  #end(): number {
    return Math.min(this.#next + this.#fragmentBytes, this.#layout.totalBytes);
  }

  /** Puts the next fragment into the tail; the bytes that were staged. */
  #stage(environment: ExecutionEnvironment | undefined): number {
    const from = this.#next;
    const end = this.#end();
    const plan = planTail(this.#tail, from, maxTailPieces);
    const bytes = end - plan.offset;
    if (environment !== undefined) environment.stagedBytes += bytes;
    const piece = {
      offset: plan.offset,
      level: plan.level,
      attempt: '',
      environment,
      stagedBytes: environment?.stagedBytes ?? 0,
    };
    this.#tail = [...this.#tail.slice(0, plan.keep.length), piece];
    this.#next = end;
    return bytes;
  }

  /** What of the pieces has to be read back, because another environment staged them or this one has forgotten them. */
  #gather(pieces: readonly Piece[], next: number, environment: ExecutionEnvironment): Gathered {
    let [reads, bytes, largestBytes] = [0, 0, 0];
    const first = this.#tail.length - pieces.length;
    for (let index = first; index < this.#tail.length; index++) {
      const piece = this.#tail[index];
      const isRemembered =
        piece?.environment === environment && environment.stagedBytes - piece.stagedBytes < rememberedBytes;
      if (isRemembered) continue;
      const length = pieceBytes(this.#tail, index, next);
      reads++;
      bytes += length;
      largestBytes = Math.max(largestBytes, length);
    }
    return { pieces: pieces.length, reads, bytes, largestBytes };
  }
}

interface Gathered {
  readonly pieces: number;
  readonly reads: number;
  readonly bytes: number;
  readonly largestBytes: number;
}
