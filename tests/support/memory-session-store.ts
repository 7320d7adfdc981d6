import { fromItem, type Item, toItem } from '../../lib/session/item.ts';
import type { Session } from '../../lib/session/session.ts';
import {
  type Clause,
  type Commit,
  type OpenSessions,
  type SessionStore,
  StoreError,
} from '../../lib/session/store.ts';
import { StoreCalls } from './memory-calls.ts';

type CallName = 'read' | 'write' | 'takeTicket' | 'openSessions';

/** Sessions in a map, as the items that DynamoDB would hold. Counts its calls. */
export class MemorySessionStore implements SessionStore {
  readonly items = new Map<string, Item>();
  /** Ticket id → the session that took it. */
  readonly tickets = new Map<string, string>();
  /** Told every change, as the stream of a table would be. */
  onChange: ((before: Item | undefined, after: Item) => void) | undefined;
  /** What tests count, delay and break. */
  readonly hooks = new StoreCalls<CallName>(
    { read: 0, write: 0, takeTicket: 0, openSessions: 0 },
    (cause) => new StoreError('UNAVAILABLE', 'aborted', { cause }),
  );

  get calls(): Readonly<Record<CallName, number>> {
    return this.hooks.counts;
  }

  async read(sessionId: string, signal?: AbortSignal): Promise<Session | undefined> {
    return this.hooks.run('read', sessionId, signal, () => this.#current(sessionId));
  }

  async write(session: Session, clauses: readonly Clause[], signal?: AbortSignal): Promise<Commit> {
    return this.hooks.run('write', session.sessionId, signal, () => {
      const current = this.#current(session.sessionId);
      if (!clauses.every((clause) => holds(clause, this.items.get(session.sessionId)))) {
        return current?.attempt === session.attempt ? { won: true } : { won: false, current };
      }
      const before = this.items.get(session.sessionId);
      const after = toItem(session);
      this.items.set(session.sessionId, after);
      this.onChange?.(before, after);
      return { won: true };
    });
  }

  async takeTicket(
    ticketId: string,
    sessionId: string,
    _expiresAtSeconds: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    return this.hooks.run('takeTicket', ticketId, signal, () => {
      const holder = this.tickets.get(ticketId) ?? sessionId;
      this.tickets.set(ticketId, holder);
      return holder === sessionId;
    });
  }

  async openSessions(principal: string, _most: OpenSessions, signal?: AbortSignal): Promise<OpenSessions> {
    return this.hooks.run('openSessions', principal, signal, () => {
      const totals = [...this.items.values()]
        .filter((item) => item['user']?.S === principal)
        .flatMap((item) => item['total']?.N ?? [])
        .map(Number);
      return { count: totals.length, declaredBytes: totals.reduce((sum, total) => sum + total, 0) };
    });
  }

  #current(sessionId: string): Session | undefined {
    const item = this.items.get(sessionId);
    return item === undefined ? undefined : fromItem(item);
  }
}

const holds = (clause: Clause, item: Item | undefined): boolean => {
  switch (clause.is) {
    case 'absent':
      return item === undefined;
    case 'version':
      return item?.['version']?.N === `${clause.version}`;
    case 'not-expired':
      return item?.['expiresAt']?.N === undefined || Number(item['expiresAt'].N) > clause.nowSeconds;
  }
};
