/** How a job ended, as its client was told. */
export type Told =
  | 'success'
  | 'refused'
  | 'cancelled'
  | 'closed-early'
  | 'lost'
  | 'gave-up'
  /** Its CLOSE and its CANCEL were under way at once: either may have won. */
  | 'either';

/** One upload job and what became of it. */
export interface Job {
  readonly name: string;
  readonly path: string;
  readonly entity: Buffer;
  /** Every session that was created for it, as far as its client knows. */
  readonly sessions: Set<string>;
  told: Told | undefined;
}
