import { eventOf } from '../../lib/events/event-of.ts';
import type { UploadEventType } from '../../lib/events/upload-event.ts';
import type { Session } from '../../lib/session/session.ts';

const endings: readonly UploadEventType[] = ['Upload Published', 'Upload Cancelled', 'Upload Failed'];

/** The events that a table's stream would tell of a schedule: each at most once, one ending a session, and the true one. */
export class ToldEvents {
  readonly #told = new Map<string, UploadEventType[]>();
  readonly #fail: (what: string) => void;

  constructor(fail: (what: string) => void) {
    this.#fail = fail;
  }

  onChange(before: Session | undefined, after: Session): void {
    const event = eventOf({ before, after, atMs: undefined }, 0);
    if (event === undefined) return;
    const { sessionId, type } = event;
    const earlier = this.#told.get(sessionId) ?? [];
    this.#told.set(sessionId, [...earlier, type]);
    if (earlier.includes(type)) this.#fail(`${sessionId} was told twice: ${type}`);
    const ended = earlier.find((known) => endings.includes(known));
    if (ended !== undefined) this.#fail(`${sessionId} was told ${type} after ${ended}`);
  }

  /** What became of every session has been told. */
  check(sessions: Iterable<Session>): void {
    for (const session of sessions) {
      const told = this.#told.get(session.sessionId) ?? [];
      const missing = expectedOf(session).filter(
        // A client may still cancel what its application has refused.
        (type) => !told.includes(type) && !(type === 'Upload Cancelled' && told.includes('Upload Failed')),
      );
      if (missing.length > 0)
        this.#fail(`${session.sessionId} is ${session.state}, and was not told: ${missing}`);
    }
  }
}

const expectedOf = (session: Session): readonly UploadEventType[] => {
  switch (session.state) {
    case 'receiving':
      return ['Upload Created'];
    case 'stored':
    case 'publishing':
      return ['Upload Created', 'Upload Received'];
    case 'complete':
      return ['Upload Created', 'Upload Received', 'Upload Published'];
    case 'tombstone': {
      const ending = endingOf[session.outcome];
      return ending === undefined ? ['Upload Created'] : ['Upload Created', ending];
    }
  }
};

const endingOf: Readonly<
  Record<Extract<Session, { state: 'tombstone' }>['outcome'], UploadEventType | undefined>
> = {
  published: 'Upload Published',
  answered: undefined,
  cancelled: 'Upload Cancelled',
  refused: 'Upload Failed',
  early: 'Upload Failed',
  lost: 'Upload Failed',
};
