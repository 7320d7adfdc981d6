/**
 * A session: what the server remembers of one upload between packets. Immutable values; `transitions.ts` makes the next
 * one from the last. States and their meaning are those of docs/protocol.md.
 *
 *     RECEIVING ──last byte──▶ STORED ──stamp──▶ PUBLISHING ──▶ COMPLETE ──CLOSE──▶ tombstone(published)
 *         └── CANCEL, early CLOSE ──▶ tombstone(cancelled | early)   └── destination taken ──▶ tombstone(refused)
 *
 * Where a reply application keeps the file to itself: STORED ──CLOSE──▶ tombstone(answered).
 */
export type Session = Receiving | Stored | Publishing | Complete | Tombstone;

/** When the object appears at its destination. */
export type PublishOn = 'close-session' | 'last-fragment';

/**
 * Where the session's multipart upload is made: at its destination; for a destination with a reply application in the
 * holding prefix of staging, where the application sees it first; and at the destination again once the application has
 * asked for it to be published and the copy has begun.
 */
export type UploadPlace = 'destination' | 'holding' | 'from-holding';

/** What every state keeps. Resolved when the session is created, so a changed configuration strands nobody. */
export interface SessionBase {
  /** Upper-case GUID without braces. */
  readonly sessionId: string;
  /** SHA-256 of the normalised destination URL, 32 bytes in hexadecimal. */
  readonly urlHash: string;
  readonly principal: string;
  /** Prefix of the destination that the URL fell under. */
  readonly destination: string;
  readonly bucket: string;
  readonly key: string;
  readonly allowOverwrites: boolean;
  readonly publishOn: PublishOn;
  readonly place: UploadPlace;
  readonly createdAtMs: number;
  /** Counts the writes of this item; every write expects the version it read. */
  readonly version: number;
  /** Id of the attempt that wrote this version: 6 random bytes in hexadecimal. A lost answer is recognised by it. */
  readonly attempt: string;
}

/** A run of acknowledged bytes waiting in staging. It ends where the next piece begins, the last one at `next`. */
export interface Piece {
  /** Absolute offset of the first byte. */
  readonly offset: number;
  /** How often its bytes have been staged again: 0 for a fragment as it came. */
  readonly level: number;
  /** The attempt that staged it, part of its key. */
  readonly attempt: string;
}

/** Fixed with the first accepted fragment: part n is always the bytes `[(n − 1) · partBytes, n · partBytes)`. */
export interface Layout {
  readonly totalBytes: number;
  readonly partBytes: number;
}

/** What the bytes up to `next` have become. */
export interface Progress {
  /** The next expected offset: bytes 0 … next − 1 are durable. */
  readonly next: number;
  readonly layout: Layout;
  /** The multipart upload, from the first part on. */
  readonly uploadId: string | undefined;
  /** Parts uploaded: 1 … partCount. S3 keeps their list. */
  readonly partCount: number;
  /** The acknowledged bytes behind the last part, in order, without gaps. */
  readonly tail: readonly Piece[];
  /** CRC32 of bytes 0 … next − 1. */
  readonly crc32: number;
}

export interface Receiving extends SessionBase {
  readonly state: 'receiving';
  /** Absent until the first fragment is accepted. */
  readonly progress: Progress | undefined;
  /** Refused from this second on, deleted by DynamoDB some time later. */
  readonly expiresAtSeconds: number;
}

/** The entity as a finished multipart upload that has not been completed. */
export interface Entity {
  readonly totalBytes: number;
  readonly partBytes: number;
  readonly uploadId: string;
  readonly partCount: number;
  readonly crc32: number;
  /** The client's name of the file, where the item has room for it (`maxOriginalNameBytes`). S3 has it in any case. */
  readonly originalName?: string | undefined;
}

/** A longer name of a file would make an item of the design's sizes longer than 1 KB, and its writes cost twice. */
export const maxOriginalNameBytes = 144;

/** Where the client finds the reply: an object of ours that only its token names, or a URL of the application's. */
export type Reply = { readonly token: string } | { readonly url: string };

/**
 * What the destination's reply application has to do with a session in which every byte is stored. One notification runs
 * at a time, under a lease; its result is written down once and repeated from here.
 */
export type Notification = {
  /** Session's end: until then the reply is kept, and an application that does not answer is waited for. */
  readonly endsAtSeconds: number;
} & (
  | {
      /** To be sent: never yet, or again because the last one failed in a way that passes. */
      readonly is: 'due';
      /** The place offered for the reply, 16 random bytes in hexadecimal; the same at every notification. */
      readonly token: string;
    }
  | { readonly is: 'sent'; readonly token: string; readonly leaseUntilMs: number }
  /** `publish`: the application asked for the upload at its destination. */
  | { readonly is: 'answered'; readonly reply: Reply; readonly publish: boolean }
  /** For good: what the client is told, again and again. 403 is the application's own refusal of the file. */
  | { readonly is: 'failed'; readonly status: number; readonly hresult: number }
);

export interface Stored extends SessionBase {
  readonly state: 'stored';
  readonly entity: Entity;
  /** Absent where the destination has no reply application. */
  readonly notification: Notification | undefined;
  /** Made by a CLOSE without any fragment: published only where nothing is, and refused as a bad request otherwise. */
  readonly closedEmpty: boolean;
  /** When the sweep takes over. */
  readonly dueAtSeconds: number;
}

export interface Publishing extends SessionBase {
  readonly state: 'publishing';
  readonly entity: Entity;
  readonly notification: Notification | undefined;
  readonly closedEmpty: boolean;
  /**
   * Until then the attempt named by `attempt` may be at work and others wait. 0: none of them is, every part was there when the
   * last one stopped, and the file waits for room at its destination.
   */
  readonly leaseUntilMs: number;
  readonly dueAtSeconds: number;
}

/** Published and not closed yet. */
export interface Complete extends SessionBase {
  readonly state: 'complete';
  readonly totalBytes: number;
  readonly notification: Notification | undefined;
  /** With a notification it is pending until the session's end, which the sweep then brings about. */
  readonly cleanUp: CleanUp;
}

/**
 * Until staged bytes and upload are gone an ended session is due for the sweep, then it has a time to live. Never both:
 * DynamoDB must not delete what the sweep has still to do.
 */
export type CleanUp =
  | { readonly pending: true; readonly dueAtSeconds: number }
  | { readonly pending: false; readonly expiresAtSeconds: number };

/**
 * How a session ended; its tombstone repeats it. `answered`: a reply application took the file and did not ask for it to
 * be published.
 */
export type Outcome = 'published' | 'answered' | 'cancelled' | 'refused' | 'early' | 'lost';

export interface Tombstone extends SessionBase {
  readonly state: 'tombstone';
  readonly outcome: Outcome;
  /** The upload to abort while `cleanUp` is pending. */
  readonly uploadId: string | undefined;
  readonly cleanUp: CleanUp;
}

/** The next expected offset of a session, as reported in every answer to a fragment. */
export const nextOffset = (session: Exclude<Session, Tombstone>): number => {
  switch (session.state) {
    case 'receiving':
      return session.progress?.next ?? 0;
    case 'stored':
    case 'publishing':
      return session.entity.totalBytes;
    case 'complete':
      return session.totalBytes;
  }
};

/** The multipart upload that a session names, if it names one. */
export const uploadIdOf = (session: Session): string | undefined => {
  switch (session.state) {
    case 'receiving':
      return session.progress?.uploadId;
    case 'stored':
    case 'publishing':
      return session.entity.uploadId;
    case 'complete':
      return undefined;
    case 'tombstone':
      return session.uploadId;
  }
};
