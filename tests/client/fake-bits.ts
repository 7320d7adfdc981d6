import { basicAuthorization, UPLOAD_PROTOCOL } from '../support/bits-client/index.ts';
import { headerValue, headerValues } from '../support/http/message.ts';
import type { Defect } from './defects.ts';
import { DENIED, type Decision, INVALID, NOT_FOUND, renderAck } from './fake-ack.ts';
import { decideFragment } from './fake-fragment.ts';
import type { FakeRequest, FakeResponse } from './fake-http.ts';
import type { FakeDestination, FakeSession } from './fake-session.ts';

const invalid: Decision = { status: 400, error: INVALID };
const denied: Decision = { status: 403, error: DENIED };
const notFound: Decision = { status: 500, error: NOT_FOUND };
const ok: Decision = { status: 200 };

const SESSION_PACKETS = ['fragment', 'close-session', 'cancel-session'];
const PACKETS = ['ping', 'create-session', ...SESSION_PACKETS];

/** The protocol part of the fake server; state in memory, one packet after the other. */
export class FakeBits {
  readonly objects = new Map<string, Buffer>();
  readonly replies = new Map<string, Uint8Array>();
  readonly #sessions = new Map<string, FakeSession>();
  readonly #destinations: readonly FakeDestination[];
  readonly #defects: ReadonlySet<Defect>;
  readonly #newId: () => string;

  constructor(options: {
    readonly destinations: readonly FakeDestination[];
    readonly defects: ReadonlySet<Defect>;
    readonly newId: () => string;
  }) {
    this.#destinations = options.destinations;
    this.#defects = options.defects;
    this.#newId = options.newId;
  }

  async handle(request: FakeRequest): Promise<FakeResponse | undefined> {
    if (request.method !== 'BITS_POST') return this.handleOther();
    const decision = await this.#decide(request);
    return decision === undefined ? undefined : renderAck(request, decision, this.#defects);
  }

  handleOther(): FakeResponse {
    const headers = [['Allow', 'BITS_POST'] as const];
    const request = { method: '', target: '', headers: [], body: Buffer.alloc(0), isTruncated: false };
    return renderAck(request, { status: 405, headers }, this.#defects);
  }

  expire(sessionId: string): void {
    if (!this.#has('expired-usable')) this.#sessions.delete(sessionId.toUpperCase());
  }

  #has(defect: Defect): boolean {
    return this.#defects.has(defect);
  }

  async #decide(request: FakeRequest): Promise<Decision | undefined> {
    const value = (name: string) => headerValue(request.headers, name);
    const path = pathOf(request.target);
    const destination = this.#destinations.find(({ prefix }) => path?.startsWith(prefix));
    if (destination === undefined || path === undefined) return invalid;
    const refusal = this.#checkHead(request, destination);
    if (refusal !== undefined) return refusal;
    const type = value('BITS-Packet-Type') ?? '';
    const kind = this.#has('case-sensitive-type') && type !== capitalized(type) ? '' : type.toLowerCase();
    if (!PACKETS.includes(kind)) return invalid;
    if (value('Content-Length') === undefined) {
      return this.#has('length-411') ? { status: 411, error: INVALID } : invalid;
    }
    if (kind !== 'fragment' && value('Content-Length') !== '0') {
      if (!(kind === 'ping' && this.#has('body-on-ping-accepted'))) return invalid;
    }
    if (destination.isForbidden === true) return denied;
    if (kind === 'create-session') return this.#create(request, destination, path);
    const sent = value('BITS-Session-Id');
    if (kind === 'ping') return sent !== undefined && this.#has('ping-needs-session') ? notFound : ok;
    if (sent === undefined) return invalid;
    const session = this.#find(sent, path);
    if (session === undefined) return notFound;
    if (kind === 'close-session') return this.#close(session);
    if (kind === 'cancel-session') return this.#cancel(session);
    if (session.outcome !== undefined) return notFound;
    const decision = await decideFragment(request, session, this.#defects);
    if (session.isDropped) this.#sessions.delete(session.key);
    return decision === undefined ? undefined : this.#afterFragment(session, decision);
  }

  #checkHead(request: FakeRequest, destination: FakeDestination): Decision | undefined {
    const { credentials } = destination;
    const isAuthorized =
      credentials === undefined ||
      headerValue(request.headers, 'Authorization') === basicAuthorization(credentials);
    if (!isAuthorized) {
      const isFragment = headerValue(request.headers, 'BITS-Packet-Type')?.toLowerCase() === 'fragment';
      const session = this.#sessions.get(keyOf(headerValue(request.headers, 'BITS-Session-Id') ?? ''));
      if (isFragment && session !== undefined && this.#has('unauthorized-stores'))
        session.data = Buffer.alloc(0);
      const challenge = [['WWW-Authenticate', 'Basic realm="uploads"'] as const];
      return { status: 401, headers: this.#has('no-challenge') ? [] : challenge };
    }
    if (destination.isDisabled === true)
      return { status: this.#has('disabled-403') ? 403 : 501, error: DENIED };
    const limit = this.#has('no-header-limit')
      ? Infinity
      : this.#has('header-limit-off-by-one')
        ? 4_095
        : 4_096;
    for (const [name, text] of request.headers) {
      if (!/^(bits|content)-/i.test(name)) continue;
      if (text.length > limit || headerValues(request.headers, name).some((other) => other !== text))
        return invalid;
    }
    return undefined;
  }

  #find(sent: string, path: string): FakeSession | undefined {
    if (this.#has('braces-required') && !sent.startsWith('{')) return undefined;
    const session = this.#sessions.get(this.#has('case-sensitive-id') ? sent : keyOf(sent));
    const isHere = session?.path === path || this.#has('sessions-of-any-url');
    return session !== undefined && isHere ? session : undefined;
  }

  #create(request: FakeRequest, destination: FakeDestination, path: string): Decision {
    if (!this.#understands(headerValue(request.headers, 'BITS-Supported-Protocols'))) return invalid;
    if (path.endsWith('/') && this.#has('redirects-directories')) {
      return { status: 302, headers: [['Location', '/elsewhere']] };
    }
    const segments = path.split('/').slice(1);
    const isLegal = segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    if (!isLegal || /[\u0000-\u001f\\]/.test(path)) return invalid;
    if (!this.#mayWrite(destination, path))
      return this.#has('conflict-409') ? { ...denied, status: 409 } : denied;
    const open = [...this.#sessions.values()].filter(
      (session) => session.destination === destination && session.outcome === undefined,
    );
    if (open.length >= (destination.sessionQuota ?? Infinity)) {
      return { status: this.#has('quota-403') ? 403 : 503 };
    }
    const reused = this.#has('same-session-twice')
      ? open.find((session) => session.path === path)
      : undefined;
    const id = reused?.id ?? this.#newId();
    if (reused === undefined) {
      const key = keyOf(id);
      const data = Buffer.alloc(0);
      // The query belongs to the session's URL, not to the name of the object.
      const objectPath = path.replace(/\?.*$/, '');
      this.#sessions.set(key, {
        objectPath,
        key,
        id,
        path,
        destination,
        data,
        total: undefined,
        outcome: undefined,
        isDropped: false,
      });
    }
    return {
      status: 200,
      headers: [
        ['BITS-Protocol', UPLOAD_PROTOCOL],
        ['BITS-Session-Id', id],
        ['Accept-Encoding', 'identity'],
      ],
    };
  }

  #understands(list: string | undefined): boolean {
    if (list === undefined) return false;
    const separator = this.#has('only-comma-lists') ? /,/ : /[ \t,]+/;
    const ids = list.split(separator).slice(0, this.#has('any-number-of-protocols') ? undefined : 100);
    const wanted = UPLOAD_PROTOCOL.slice(1, -1);
    return (
      this.#has('any-protocol') || ids.some((id) => id.toLowerCase().replace(/^\{(.*)\}$/, '$1') === wanted)
    );
  }

  #mayWrite(destination: FakeDestination, path: string): boolean {
    return (
      destination.allowOverwrites === true ||
      this.#has('overwrites-always') ||
      !this.objects.has(path.replace(/\?.*$/, ''))
    );
  }

  /** The last byte may publish and name a reply. */
  #afterFragment(session: FakeSession, decision: Decision): Decision {
    if (decision.status !== 200 || session.data.length !== session.total) return decision;
    const isDue =
      session.destination.publishOn === 'last-fragment' || this.#has('publishes-at-last-fragment');
    if (isDue) this.objects.set(session.objectPath, session.data);
    const { reply } = session.destination;
    if (reply === undefined) return decision;
    const replyPath = `/replies/${session.id.slice(1, 9).toLowerCase()}.bin`;
    this.replies.set(replyPath, reply);
    return { ...decision, headers: [['BITS-Reply-URL', replyPath]] };
  }

  #close(session: FakeSession): Decision {
    if (session.outcome !== undefined) {
      if (this.#has('no-tombstones')) return notFound;
      if (session.outcome === 'early') return invalid;
      return session.outcome === 'refused' && !this.#has('tombstone-forgets-outcome') ? denied : ok;
    }
    const isEmpty = session.total === undefined;
    if (isEmpty && this.objects.has(session.objectPath) && !this.#has('empties-files')) return invalid;
    const isPartial = !isEmpty && session.data.length !== session.total;
    if (isPartial && !this.#has('early-close-publishes')) {
      session.outcome = 'early';
      return invalid;
    }
    const isOurs =
      session.destination.publishOn === 'last-fragment' || this.#has('publishes-at-last-fragment');
    if (!isOurs && !this.#mayWrite(session.destination, session.path)) {
      session.outcome = 'refused';
      return denied;
    }
    this.objects.set(session.objectPath, session.data);
    session.outcome = 'published';
    return ok;
  }

  #cancel(session: FakeSession): Decision {
    if (session.outcome !== undefined && this.#has('no-tombstones')) return notFound;
    if (session.outcome === 'published' && this.#has('cancel-removes-object'))
      this.objects.delete(session.objectPath);
    const isStored = session.outcome === undefined && session.total === session.data.length;
    if (isStored && this.#has('cancel-keeps-stored')) this.objects.set(session.objectPath, session.data);
    session.outcome ??= 'cancelled';
    return ok;
  }
}

/** Sessions are found by their id without braces and without regard to case. */
const keyOf = (id: string) => `{${id.replace(/^\{(.*)\}$/, '$1').toUpperCase()}}`;

const capitalized = (type: string) =>
  type.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

/** Path and query of a target, escapes undone once; undefined when they cannot be. */
function pathOf(target: string): string | undefined {
  const [path = '', query] = target.replace(/^https?:\/\/[^/]+/i, '').split('?');
  try {
    return query === undefined ? decodeURIComponent(path) : `${decodeURIComponent(path)}?${query}`;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
