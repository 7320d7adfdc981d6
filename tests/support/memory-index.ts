import { fromItem, type Item } from '../../lib/session/item.ts';
import type { Session } from '../../lib/session/session.ts';
import type { SessionIndex } from '../../lib/session/session-index.ts';

/** Looks over the items of a memory session store. Counts its calls; a test may interfere before each. */
export class MemorySessionIndex implements SessionIndex {
  readonly calls = { dueSessions: 0, allSessions: 0 };
  before: ((name: 'dueSessions' | 'allSessions') => Promise<void> | void) | undefined;
  /** Ids that the index still has although their items say otherwise. */
  readonly stale = new Set<string>();
  readonly #items: ReadonlyMap<string, Item>;

  constructor(items: ReadonlyMap<string, Item>) {
    this.#items = items;
  }

  async *dueSessions(nowSeconds: number): AsyncGenerator<string> {
    this.calls.dueSessions++;
    await this.before?.('dueSessions');
    const due = [...this.#items]
      .flatMap(([id, item]) =>
        item['dueAt']?.N === undefined ? [] : [{ id, dueAt: Number(item['dueAt'].N) }],
      )
      .filter(({ dueAt }) => dueAt <= nowSeconds)
      .sort((a, b) => a.dueAt - b.dueAt);
    yield* new Set([...this.stale, ...due.map(({ id }) => id)]);
  }

  async *allSessions(): AsyncGenerator<Session> {
    this.calls.allSessions++;
    await this.before?.('allSessions');
    for (const item of this.#items.values()) yield fromItem(item);
  }
}
