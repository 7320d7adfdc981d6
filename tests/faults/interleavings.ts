import type { Invocation } from './invocation.ts';
import type { PerformedCall } from './pending-call.ts';

/**
 * Counts who met whom at one session: a schedule in which nothing ever came between a function's calls would prove little.
 * Three things count: a write of the session that another function was in the middle of working on, a write that lost to
 * another's, and a write that happened after its own function had died or given up on it.
 */
export class Interleavings {
  readonly #count: (what: string) => void;
  readonly #lastWriter = new Map<string, Invocation>();

  constructor(count: (what: string) => void) {
    this.#count = count;
  }

  onPerformed(
    { service, operation, request, response, invocation, isLate }: PerformedCall,
    running: ReadonlySet<Invocation>,
  ): void {
    if (service !== 'dynamodb' || invocation === undefined) return;
    const session = sessionOf(request.body);
    if (session === undefined) return;
    invocation.sessions.add(session);
    if (operation !== 'PutItem') return;
    if (response.status !== 200) {
      const winner = this.#lastWriter.get(session);
      if (winner === undefined || winner === invocation) return;
      this.#count(`${meeting}${name(invocation, isLate)} lost to ${winner.name}`);
      return;
    }
    this.#lastWriter.set(session, invocation);
    if (isLate) this.#count(`${meeting}${name(invocation, true)} wrote`);
    for (const other of running) {
      if (other !== invocation && other.sessions.has(session)) {
        this.#count(`${meeting}${name(invocation, isLate)} wrote amid ${other.name}`);
      }
    }
  }
}

/** How the names of what is counted here begin, to tell them from faults and outcomes. */
export const meeting = 'met: ';

const name = (invocation: Invocation, isLate: boolean): string =>
  isLate ? `a late ${invocation.name}` : invocation.name;

const sessionOf = (body: Uint8Array): string | undefined => {
  const input: { Item?: Keyed; Key?: Keyed } = JSON.parse(Buffer.from(body).toString());
  return (input.Item ?? input.Key)?.sessionId?.S;
};

interface Keyed {
  readonly sessionId?: { readonly S: string };
}
