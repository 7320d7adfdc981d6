/** Lives of sessions, in seconds. */
export interface SessionTimers {
  /** Hard end of a session after its creation, whatever its progress: lifecycle rules of the buckets come after it. */
  readonly lifetimeSeconds: number;
  /** Life of a session that has accepted no fragment yet, if that is shorter than its timeout: it is cheap to make another. */
  readonly emptySessionSeconds: number;
  /** How long a STORED session waits for its CLOSE before the sweep publishes it. */
  readonly closeGraceSeconds: number;
  /** How long an ended session repeats its outcome: as long as a client may repeat a packet. */
  readonly tombstoneSeconds: number;
  /** How soon the sweep looks after a publication or clean-up whose function did not finish it. */
  readonly recoverySeconds: number;
}

const day = 86_400;

export const defaultTimers: SessionTimers = {
  lifetimeSeconds: 90 * day,
  emptySessionSeconds: day,
  closeGraceSeconds: 3_600,
  // A client gives up after 14 days without progress, and repeats CANCEL for up to 24 hours.
  tombstoneSeconds: 14 * day,
  recoverySeconds: 60,
};

/** Idle end of a receiving session: its timeout after the last commit, but never past its hard end. */
export const receivingExpiresAtSeconds = (
  timers: SessionTimers,
  createdAtMs: number,
  nowMs: number,
  sessionTimeoutSeconds: number,
): number =>
  Math.min(
    Math.floor(nowMs / 1000) + sessionTimeoutSeconds,
    Math.floor(createdAtMs / 1000) + timers.lifetimeSeconds,
  );
