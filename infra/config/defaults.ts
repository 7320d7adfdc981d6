import { minFragmentLimitBytes } from '../../lib/protocol/constants.ts';

const day = 86_400;

/**
 * What a destination gets where the file says nothing. `prefix`, `maximumUploadSize` and `access` have no default:
 * where, how much and who are decisions that somebody must have taken.
 */
export const destinationDefaults = {
  /**
   * The stack's own bucket: it exists, and the functions may write to it. Another bucket must grant them that; in
   * return uploads lie where they are needed, under that bucket's own rules.
   */
  bucket: null,

  /**
   * The URL is the key, so nobody has to look up where a file went, and no two URLs share a key. A template with a date
   * or `{sessionId}` sorts or never collides, at the price that the client's URL no longer says where the object is.
   */
  keyTemplate: '{path}',

  /**
   * What an ALB is sure to pass to a Lambda: its "1 MB" is not documented to the byte. Smaller fragments lose less when
   * a line breaks and cost more requests per gigabyte (5,120-byte fragments about two hundred times as many); larger
   * ones need another front end. A front end that passes less lowers the default to what it passes.
   */
  fragmentLimitBytes: 1_000_000,

  /**
   * As in IIS: an upload never destroys what is there. On, a client may repeat a job under the same name, and whoever
   * may upload may replace.
   */
  allowOverwrites: false,

  /**
   * Far above what one machine has under way (BITS lets a user have 60 jobs), and a bound to what a
   * stolen password can leave lying about. A principal that stands for a whole fleet needs more.
   */
  sessionsPerPrincipal: 1_000,

  /** No limit: how much is reasonable depends on the files, and `sessionsPerPrincipal` × `maximumUploadSize` bounds it. */
  openBytesPerPrincipal: null,

  /**
   * As in IIS, and as long as a BITS job itself keeps trying. Shorter frees staged bytes sooner and makes a laptop that
   * was away start from zero; longer pays for bytes that nobody may come back for.
   */
  sessionTimeoutSeconds: 14 * day,

  /** What the functions have: an hour, unless CLOSE_GRACE_SECONDS says otherwise. */
  closeGraceSeconds: null,

  /**
   * By the open specification the object appears when the client closes the session; a CANCEL before that leaves
   * nothing. `last-fragment` shows it one request earlier, also to clients that never close, and a CANCEL in between
   * no longer takes it back.
   */
  publishOn: 'close-session',

  /** Nobody is asked, nothing is held, nothing is paid for it. */
  reply: null,

  /**
   * The whole subject of a certificate: a CA gives it once. One attribute of it (`CN`) is easier to read, where the CA sees
   * to it that two machines never share one.
   */
  principalFrom: 'subject',

  /** Whoever is known may write below the whole prefix. */
  allow: null,

  /** What is in the file is meant. `false` answers 501 and keeps the prefix, so that no shorter one takes over. */
  enabled: true,
} as const;

/** What a reply application gets where the file says nothing. */
export const replyDefaults = {
  /** The address of the data instead of the data: an application with the rights reads what it needs of it. */
  mode: 'by-reference',
  /** A client waits five minutes for an answer, and 240 s are all that a function has: 40 of them for everything else. */
  timeoutSeconds: 200,
  /** Enough for a receipt or a report; more is asked for by name, because it is kept until the session ends. */
  maximumReplyBytes: 100 * 1024 ** 2,
} as const;

/** What no destination may pass, whatever the stack. */
export const destinationBounds = {
  /** Current Windows clients do not go below this: a smaller limit would end every job [MC-BUP note 16]. */
  minFragmentLimitBytes,
  /** So few that sessions which have just ended stand in the way of the next: what is counted is behind by a moment. */
  minSessionsPerPrincipal: 10,
  /** S3: 10,000 parts of at most 5 GiB. */
  maxUploadBytes: 10_000 * 5 * 1024 ** 3,
  /** The sweep comes every five minutes; below a minute it could overtake a client that is about to close. */
  minCloseGraceSeconds: 60,
  /** Below a minute a client's ordinary pauses would end its sessions. */
  minSessionTimeoutSeconds: 60,
  /** The fragment function's own time less what it needs before and after the application. */
  maxReplyTimeoutSeconds: 220,
  /** S3 holds more, but a client fetches it in ranges over days, and staging is not a store. */
  maxReplyBytes: 5 * 1024 ** 3,
  /** BITS-Reply-URL and notification URLs alike. */
  maxUrlLength: 2_200,
  /** The hard end of every session: an idle life that outlasts it could never be had. */
  maxSessionTimeoutSeconds: 90 * day,
} as const;
