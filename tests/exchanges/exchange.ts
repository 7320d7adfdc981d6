import type { Header } from '../support/http/message.ts';

export interface ExchangeRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

export interface ExchangeResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

/** What has to be true on the server's side that no packet can bring about. */
export type StageDirection =
  /** The largest accepted FRAGMENT body. */
  | { readonly kind: 'fragment-limit'; readonly bytes: number }
  | { readonly kind: 'maximum-upload-size'; readonly bytes: number }
  /** The session of the steps before is past its timeout now. */
  | { readonly kind: 'session-expires' }
  /** There is an object at this path, and it may not be overwritten. */
  | { readonly kind: 'destination-exists'; readonly path: string }
  | { readonly kind: 'credentials'; readonly user: string; readonly password: string; readonly realm: string }
  /** The application behind the destination answers with this reply, published at `path`. */
  | { readonly kind: 'reply'; readonly path: string; readonly text: string };

/** What the destination holds after the last step. */
export type Outcome =
  | { readonly kind: 'object'; readonly path: string; readonly text: string }
  | { readonly kind: 'no-object'; readonly path: string };

export interface Step {
  /** `X4.5`. */
  readonly id: string;
  readonly title: string;
  /** Directions that take effect between the step before and this one. */
  readonly before: readonly StageDirection[];
  readonly request: ExchangeRequest;
  readonly response: ExchangeResponse;
  /** Other answers that are right in another role: `front-end`, `strict-server`. */
  readonly alternatives: ReadonlyMap<string, ExchangeResponse>;
}

export interface Exchange {
  /** `X4`. */
  readonly id: string;
  readonly title: string;
  /** Directions that hold from the beginning. */
  readonly setup: readonly StageDirection[];
  readonly steps: readonly Step[];
  readonly outcomes: readonly Outcome[];
}

/** An exchange file breaks the format that `parse.ts` describes. */
export class ExchangeSyntaxError extends Error {
  override readonly name = 'ExchangeSyntaxError';
  readonly code = 'EXCHANGE_SYNTAX';
}
