/** One run of a function. */
export interface Invocation {
  readonly id: number;
  readonly name: string;
  /** Killed: whatever it still awaits never comes, and nothing it starts happens. */
  isDead: boolean;
  /** It has answered. */
  hasReturned: boolean;
  /** Called when it is killed, in place of an answer. */
  readonly onKill: () => void;
}
