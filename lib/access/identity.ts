import { anonymousPrincipal } from '../protocol/constants.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { RequestHeaders } from '../protocol/request.ts';
import type { AccessKind, Destination } from './destination.ts';

/** Who sent a packet, as far as it could be established. */
export interface Caller {
  readonly kind: AccessKind;
  /** A session is bound to it; it names the caller in logs, metadata and keys. */
  readonly principal: string;
  /** What a ticket says besides; every limit in it narrows its destination's, none widens it. */
  readonly grant?: Grant;
  /** Its end has come: it only finishes what it began, and gives way to any other proof in the packet. */
  readonly isPast?: boolean;
}

/** The terms of a ticket. */
export interface Grant {
  /** Whether it is for this decoded URL path. */
  isInScope(path: string): boolean;
  readonly maximumUploadBytes: number;
  readonly allowOverwrites: boolean;
  /** Sessions that were created from this second on are none of its. */
  readonly expiresAtSeconds: number;
  /** Where it is good for one upload: what to remember it by. */
  readonly singleUseId: string | undefined;
}

/** What a packet brings to show who sent it. */
export interface Evidence {
  readonly headers: RequestHeaders;
  /** From the URL, where they have been taken out. */
  readonly tickets: readonly string[];
  /** Whether the packet came by the listener that verifies certificates. */
  readonly isCertificateVerified: boolean;
  /** Of its destination: the part of a certificate's subject that names the principal. */
  readonly principalFrom: string | null;
  /** Whether a session would begin with the packet. */
  readonly opensSession: boolean;
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
 * @throws ProtocolError UNAUTHORIZED with `WWW-Authenticate`, ACCESS_DENIED where only a certificate would do; any other
 *   error when it could not be found out
 */
export const authenticate = async (
  evidence: Evidence,
  { access }: Destination,
  identities: Identities,
): Promise<Caller> => {
  // HTTP has no challenge for a certificate, so there is nothing that a 401 could ask for [IIS answers 403.7].
  if (access.includes('mtls') !== evidence.isCertificateVerified) {
    throw new ProtocolError('ACCESS_DENIED', 'the destination belongs to the other listener');
  }
  let past: Caller | undefined;
  for (const kind of access) {
    if (kind === 'none') return { kind, principal: anonymousPrincipal };
    const identify = identities[kind];
    if (identify === undefined) throw new Error(`nothing here can check access: ${kind}`);
    const caller = await identify(evidence);
    if (caller !== undefined && caller.isPast !== true) return caller;
    past ??= caller;
  }
  if (past !== undefined) return past;
  // Windows asks its user for what Basic wants; a ticket is not something that one could type.
  const scheme = access.includes('basic') ? 'Basic' : 'Bearer';
  throw new ProtocolError('UNAUTHORIZED', 'no credentials, or wrong or expired ones', {
    headers: { 'WWW-Authenticate': `${scheme} realm="${realm}"` },
  });
};
