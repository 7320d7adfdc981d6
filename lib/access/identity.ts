import { ProtocolError } from '../protocol/errors.ts';
import type { RequestHeaders } from '../protocol/request.ts';
import type { AccessKind, Destination } from './destination.ts';

/** The principal of everybody, where a destination asks for no credentials. */
export const anonymous = 'anonymous';

/** Who sent a packet, as far as it could be established. */
export interface Caller {
  readonly kind: AccessKind;
  /** A session is bound to it; it names the caller in logs, metadata and keys. */
  readonly principal: string;
}

/** What a packet brings to show who sent it. */
export interface Evidence {
  readonly headers: RequestHeaders;
}

/**
 * One way to know callers: `undefined` when the packet does not show it, or shows it wrongly, which nobody can tell apart.
 * Rejects when it could not be found out: the caller comes back later.
 */
export type Identify = (evidence: Evidence) => Promise<Caller | undefined>;

/** The ways to know callers that a deployment has. */
export type Identities = Readonly<Partial<Record<AccessKind, Identify>>>;

const realm = 'uploads';

/**
 * Check C2: who is calling. The one place that reads credentials; every packet passes through it. Several kinds: any of
 * them will do.
 * @throws ProtocolError UNAUTHORIZED with `WWW-Authenticate`; any other error when it could not be found out
 */
export const authenticate = async (
  evidence: Evidence,
  { access }: Destination,
  identities: Identities,
): Promise<Caller> => {
  for (const kind of access) {
    if (kind === 'none') return { kind, principal: anonymous };
    const identify = identities[kind];
    if (identify === undefined) throw new Error(`nothing here can check access: ${kind}`);
    const caller = await identify(evidence);
    if (caller !== undefined) return caller;
  }
  throw new ProtocolError('UNAUTHORIZED', 'no credentials, or wrong ones', {
    headers: { 'WWW-Authenticate': `Basic realm="${realm}"` },
  });
};
