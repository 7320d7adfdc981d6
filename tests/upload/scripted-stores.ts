import type { Session } from '../../lib/session/session.ts';
import { type Clause, type Commit, type SessionStore, StoreError } from '../../lib/session/store.ts';
import {
  type Completion,
  type CompletionAnswer,
  type FoundObject,
  type ListedPart,
  type ObjectStore,
  ObjectStoreError,
} from '../../lib/upload/object-store.ts';

/** What a call answers: a value, an error it fails with, or something that happens first. */
export type Step<T> = T | Error | (() => T | Promise<T>);

const isAction = <T>(step: Step<T>): step is () => T | Promise<T> => typeof step === 'function';

const play = async <T>(step: Step<T>): Promise<T> => {
  if (step instanceof Error) throw step;
  return isAction(step) ? step() : step;
};

export const noAnswer = () => new ObjectStoreError('UNAVAILABLE', 'no answer');

/**
 * The object store of one publication. Each call plays the next step of its script; without one it does what S3 does on a
 * good day: the parts are listed, Complete makes the object ours, and that is what is there.
 */
export class ScriptedObjects implements ObjectStore {
  readonly log: string[];
  readonly heads: Step<FoundObject | undefined>[] = [];
  readonly listings: Step<readonly ListedPart[]>[] = [];
  readonly completions: Step<CompletionAnswer>[] = [];
  readonly pieceListings: Step<readonly string[]>[] = [];
  readonly completed: Completion[] = [];
  readonly aborted: string[] = [];
  readonly parts: readonly ListedPart[];
  readonly #ours: FoundObject;
  pieces: readonly string[] = [];
  there: FoundObject | undefined;

  constructor(parts: readonly ListedPart[], ours: FoundObject, log: string[] = []) {
    this.parts = parts;
    this.#ours = ours;
    this.log = log;
  }

  async head(): Promise<FoundObject | undefined> {
    this.log.push('head');
    const step = this.heads.length > 0 ? this.heads.shift() : () => this.there;
    return play(step);
  }

  async listParts(): Promise<readonly ListedPart[]> {
    this.log.push('list parts');
    return play(this.listings.shift() ?? this.parts);
  }

  async completeUpload(_upload: unknown, completion: Completion): Promise<CompletionAnswer> {
    this.log.push('complete');
    this.completed.push(completion);
    return play(
      this.completions.shift() ??
        (() => {
          this.there = this.#ours;
          return 'completed';
        }),
    );
  }

  async abortUpload({ uploadId }: { readonly uploadId: string }): Promise<void> {
    this.log.push('abort');
    this.aborted.push(uploadId);
  }

  async listPieces(): Promise<readonly string[]> {
    this.log.push('list pieces');
    return play(this.pieceListings.shift() ?? (() => this.pieces));
  }

  async deletePieces(keys: readonly string[]): Promise<void> {
    this.log.push('delete pieces');
    this.pieces = this.pieces.filter((piece) => !keys.includes(piece));
  }

  async putPiece(): Promise<void> {
    throw new Error('a publication stages nothing');
  }

  async getPiece(): Promise<Uint8Array> {
    throw new Error('a publication reads no piece');
  }

  async createUpload(): Promise<never> {
    throw new Error('a publication begins no upload');
  }

  async uploadPart(): Promise<void> {
    throw new Error('a publication uploads no part');
  }

  async copyPart(): Promise<void> {
    throw new Error('an ordinary publication copies no part');
  }

  async readRange(): Promise<Uint8Array> {
    throw new Error('a publication reads no bytes');
  }
}

/** What happens at a write: as it should, nothing at all and no answer, or the write and no answer. */
export type WriteStep = 'as it should' | 'unanswered' | 'done but unanswered' | (() => void);

/** One session, written under the conditions of the store. A script says what happens at each write. */
export class ScriptedSessions implements SessionStore {
  readonly log: string[];
  readonly writes: WriteStep[] = [];
  readonly written: Session[] = [];
  current: Session | undefined;

  constructor(current: Session | undefined, log: string[] = []) {
    this.current = current;
    this.log = log;
  }

  async read(): Promise<Session | undefined> {
    this.log.push('read session');
    return this.current;
  }

  async takeTicket(): Promise<boolean> {
    this.log.push('take ticket');
    return true;
  }

  async write(session: Session, clauses: readonly Clause[]): Promise<Commit> {
    this.log.push(`write ${session.state}`);
    const step = this.writes.shift() ?? 'as it should';
    if (step === 'unanswered') throw new StoreError('UNAVAILABLE', 'no answer');
    if (typeof step === 'function') step();
    const holds = clauses.every(
      (clause) => clause.is !== 'version' || this.current?.version === clause.version,
    );
    if (holds) {
      this.current = session;
      this.written.push(session);
    }
    if (step === 'done but unanswered') throw new StoreError('UNAVAILABLE', 'no answer');
    return holds || this.current?.attempt === session.attempt
      ? { won: true }
      : { won: false, current: this.current };
  }

  async openSessions(): Promise<never> {
    throw new Error('a publication counts no sessions');
  }
}
