import { setTimeout as delay } from 'node:timers/promises';
import type { Header } from '../http/message.ts';
import type { Ack, AckViolation } from './ack.ts';
import type { PacketType, Spelling } from './packet.ts';
import type { CloseOnSessionNotFound } from './reaction.ts';
import type { Source } from './source.ts';
import type { Transport } from './transport.ts';

/** Smallest fragment of a current client but for the end of the file (MC-BUP, product note 10). */
export const MIN_FRAGMENT_BYTES = 5_120;
/** Largest fragment of a current client (same place): 13 MB. */
export const MAX_FRAGMENT_BYTES = 13_631_488;

export interface Clock {
  nowMs(): number;
  /** Rejects when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? undefined : { signal });
  },
};

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * When credentials go out. A client never sends them before a challenge; whether it keeps sending them afterwards is
 * not published, so both are there, and `pre-emptive` for what should not happen.
 */
export type CredentialUse = 'challenged-once' | 'challenged-each-time' | 'pre-emptive';

export interface ReplyOptions {
  /** Ask for the size first. A client does so only for several URLs or partial ranges. */
  readonly head: boolean;
  /** Bytes per range request; without it one plain GET, with a range only to go on after a break. */
  readonly rangeBytes?: number;
}

/** What the hook learns about a packet before it is sent. */
export interface OutgoingPacket {
  readonly type: PacketType;
  /** 1 for the first packet of the job, repeats included. */
  readonly number: number;
  /** Inclusive byte range of a FRAGMENT. */
  readonly range: { readonly first: number; readonly last: number } | undefined;
}

/** What a test can do to a packet. */
export type PacketAction =
  | { readonly kind: 'send' }
  /** Send it, drop the answer: a lost Ack. */
  | { readonly kind: 'lose-ack' }
  /** Never send it: a lost request. */
  | { readonly kind: 'lose-request' }
  /** Send it `times` more, one after the other; the last answer counts. */
  | { readonly kind: 'resend'; readonly times: number }
  /** Send `copies` at once, each on a connection of its own; the last answer to arrive counts. */
  | { readonly kind: 'parallel'; readonly copies: number }
  /** Send so many bytes of the body, then cut the connection. */
  | { readonly kind: 'truncate'; readonly bodyBytes: number };

export type ClientState =
  | 'CREATE_SESSION'
  | 'PING'
  | 'FRAGMENT'
  | 'GET_REPLY'
  | 'COMPLETE'
  | 'CANCEL'
  | 'SUSPENDED'
  | 'DONE';

export type ClientEvent =
  | { readonly kind: 'state'; readonly state: ClientState }
  | { readonly kind: 'packet'; readonly packet: OutgoingPacket; readonly bodyBytes: number }
  | { readonly kind: 'answer'; readonly packet: OutgoingPacket; readonly answer: Ack | AckViolation }
  | { readonly kind: 'session'; readonly sessionId: string }
  | { readonly kind: 'progress'; readonly offsetBytes: number; readonly totalBytes: number }
  | { readonly kind: 'shrink'; readonly fragmentSizeBytes: number }
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'retry'; readonly reason: string; readonly delayMs: number };

/** Where an interrupted job stands; enough to go on in another process. */
export interface JobProgress {
  readonly sessionId: string | undefined;
  readonly offsetBytes: number;
  readonly fragmentSizeBytes: number;
}

export interface BitsUploadOptions {
  readonly url: string | URL;
  readonly source: Source;
  /** Default: Node's HTTP client on one kept connection. A transport that is given stays open after the job. */
  readonly transport?: Transport;
  /** First fragment size; the algorithm of Windows is not published, only its bounds. Default 1,000,000. */
  readonly fragmentSizeBytes?: number;
  /** Never shrink below; a 413 at this size ends the job. Default 5,120. */
  readonly minFragmentSizeBytes?: number;
  /** Wait after a transient failure. Windows: 600,000. */
  readonly retryDelayMs?: number;
  /** The job fails with BG_E_NO_PROGRESS after so long without progress. Windows: 14 days. */
  readonly noProgressTimeoutMs?: number;
  /** How long CANCEL is tried. Windows: 24 hours. */
  readonly cancelTimeoutMs?: number;
  /** Packets in a row that got an answer and moved nothing, before the job fails with BG_E_NO_PROGRESS. Default 64. */
  readonly maxFruitlessPackets?: number;
  /** Start of the first FRAGMENT in a session that replaces a lost one: 0, or the old offset (the published text). */
  readonly offsetOnNewSession?: 'reset' | 'keep';
  readonly closeOnSessionNotFound?: CloseOnSessionNotFound;
  /** What the server does with a FRAGMENT that begins below its offset; the job fails with ServerModeError if not so. */
  readonly serverMode?: 'any' | 'overlap' | 'strict';
  /** How an empty file is announced is not published: an empty FRAGMENT, or none at all. Default fragment. */
  readonly emptyFile?: 'fragment' | 'close-only';
  readonly credentials?: Credentials;
  readonly credentialUse?: CredentialUse;
  /** Sent with every request, as SetCustomHeaders does. */
  readonly customHeaders?: readonly Header[];
  readonly contentName?: string;
  /** Packets that carry Content-Name. Default: FRAGMENT, as current clients do. */
  readonly contentNameOn?: readonly PacketType[];
  /** Packets that a PING goes before, beside those after an interruption. Default none. */
  readonly pingBefore?: readonly PacketType[];
  readonly userAgent?: string;
  readonly spelling?: Partial<Spelling>;
  /** An upload-reply job: download the reply before CLOSE. Without it a BITS-Reply-URL is ignored. */
  readonly reply?: ReplyOptions;
  /** How often CLOSE and CANCEL are sent, successes included. Default 1. */
  readonly closeTimes?: number;
  readonly cancelTimes?: number;
  /** Goes on with a session of an earlier job object: PING, then FRAGMENT at its offset. */
  readonly resume?: JobProgress;
  /** Where the next FRAGMENT begins, given the acknowledged offset; default right there. */
  readonly fragmentOffset?: (acknowledgedOffset: number) => number;
  readonly onPacket?: (packet: OutgoingPacket) => PacketAction | undefined;
  readonly onEvent?: (event: ClientEvent) => void;
  readonly clock?: Clock;
}

export interface UploadResult {
  readonly url: string;
  readonly sessionId: string;
  readonly totalBytes: number;
  /** As the server wrote it, relative or absolute. */
  readonly replyUrl: string | undefined;
  readonly reply: Uint8Array | undefined;
  /** CREATE answers that were taken: 1 unless the session was lost. */
  readonly sessions: number;
  readonly packets: number;
  readonly retries: number;
}
