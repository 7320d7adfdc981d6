/** A document that identities are checked against (users, keys) could not be had: never the caller's fault. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  readonly code: 'UNREADABLE' | 'MALFORMED';

  constructor(code: DocumentError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The value of a document that is JSON. `what` is its name and verb: `the ticket keys are`.
 * @throws DocumentError MALFORMED
 */
export const parseJsonDocument = (what: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Not as a cause: the message of a JSON error quotes the text.
    throw new DocumentError('MALFORMED', `${what} not JSON`);
  }
};

export interface DocumentOptions<T> {
  /** The text as it stands now. */
  readonly read: () => Promise<string>;
  /** Throws DocumentError MALFORMED. */
  readonly parse: (text: string) => T;
  nowMs(): number;
  /** A document that is there, but cannot be read again. */
  alarm(what: string, facts: Readonly<Record<string, unknown>>): void;
}

/** A removed user, or a key that was taken out, is known for this long at most. */
const maxAgeMs = 300_000;
/** While the document cannot be read again, the last one holds this long: an outage must not stop a fleet at once. */
const maxStaleMs = 3_600_000;
/** After a failed attempt, requests are not kept waiting for the next one before this. */
const retryAfterMs = 30_000;

/** A document in memory, read when it is first needed and again when it is five minutes old. */
export class CachedDocument<T> {
  readonly #options: DocumentOptions<T>;
  #current: { readonly value: T; readonly text: string; readonly readAtMs: number } | undefined;
  #dueAtMs = 0;

  constructor(options: DocumentOptions<T>) {
    this.#options = options;
  }

  /**
   * The document; the same value for as long as the text is the same.
   * @throws DocumentError when there is none that is at most an hour old
   */
  async get(): Promise<T> {
    const nowMs = this.#options.nowMs();
    if (this.#current !== undefined && nowMs < this.#dueAtMs) return this.#current.value;
    try {
      const text = await this.#options.read();
      const value = text === this.#current?.text ? this.#current.value : this.#options.parse(text);
      this.#current = { value, text, readAtMs: nowMs };
      this.#dueAtMs = nowMs + maxAgeMs;
      return value;
    } catch (error) {
      if (this.#current === undefined || nowMs >= this.#current.readAtMs + maxStaleMs) throw error;
      this.#dueAtMs = nowMs + retryAfterMs;
      this.#options.alarm('users or keys cannot be read again, the last ones are used', { error });
      return this.#current.value;
    }
  }
}
