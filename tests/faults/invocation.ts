/** One run of a function. */
export interface Invocation {
  readonly id: number;
  readonly name: string;
  /** What it works on, as far as it is known. */
  readonly sessions: Set<string>;
  /** Killed: whatever it still awaits never comes, and nothing it starts happens. */
  isDead: boolean;
  /** It has answered. */
  hasReturned: boolean;
  /** Called when it is killed, in place of an answer. */
  readonly onKill: () => void;
}
