import { createHash } from 'node:crypto';
import { BITS_POST } from '../protocol/constants.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type PacketHead, type PacketType, parsePacketHead } from '../protocol/packet.ts';
import type { BitsRequest } from '../protocol/request.ts';
import { isAllowed } from './allow.ts';
import { targetGroupName } from './certificate/certificate-identity.ts';
import { type Destination, findDestination, pathBelow } from './destination.ts';
import { authenticate, type Caller, type Grant, type Identities } from './identity.ts';
import { takeTickets } from './ticket/query.ts';
import { type ParsedUrl, parseRequestUrl } from './url.ts';

/** What packets are admitted by. */
export interface Access<D extends Destination> {
  readonly destinations: readonly D[];
  readonly identities: Identities;
  /** What the names of the target groups behind the listener that verifies certificates begin with, if there is one. */
  readonly certificateTargetGroups?: string | undefined;
  /** Whether credentials may come unencrypted, where whoever is on the way reads them. */
  readonly isHttpAllowed?: boolean | undefined;
}

/** A packet that has passed checks C1 to C8: it may be looked at. */
export interface Admission<D extends Destination> {
  readonly head: PacketHead;
  readonly destination: D;
  readonly principal: string;
  /** The terms of the caller's ticket; those that a destination has as well are in `destination` already. */
  readonly grant: Grant | undefined;
  /** Without a ticket that it may have come with. */
  readonly url: Extract<ParsedUrl, { ok: true }>;
}

/** Told who is calling as soon as it is known, for the log line of whatever is answered. */
export interface Witness {
  principal: string | undefined;
}

/**
 * Checks C1 to C8 in their order; the first that fails decides, and none of them touches any state. `expected` is the
 * packet type that the calling function serves, `undefined` if it serves none.
 * @throws ProtocolError; any other error when it could not be found out who is calling
 */
export const admit = async <D extends Destination>(
  request: BitsRequest,
  access: Access<D>,
  expected: PacketType | undefined,
  witness: Witness,
): Promise<Admission<D>> => {
  if (request.method !== BITS_POST) {
    throw new ProtocolError('METHOD_NOT_ALLOWED', 'the method is not BITS_POST'); // C1
  }
  // Before C2: a URL that is none belongs to no destination, so there is nobody to authenticate against.
  const { query, tickets } = takeTickets(request.query);
  const target = query === '' ? request.path : `${request.path}?${query}`;
  const url = parseRequestUrl({ scheme: request.scheme, host: request.host, target });
  if (!url.ok) throw new ProtocolError('INVALID_REQUEST', `the URL is refused: ${url.reason}`);
  const destination = findDestination(access.destinations, url.path);
  if (destination === undefined)
    throw new ProtocolError('UPLOADS_DISABLED', 'no destination has this prefix');
  const opensSession = expected === 'Create-Session';
  const caller = await callerOf(request, tickets, opensSession, destination, access); // C2
  const { principal, grant } = caller;
  witness.principal = principal;
  if (!destination.enabled) throw new ProtocolError('UPLOADS_DISABLED', 'the destination is disabled'); // C3
  request.headers.assertWellFormed(); // C4
  const head = parsePacketHead(request.headers, expected); // C5, C6, C7
  if (grant !== undefined && !grant.isInScope(url.path)) {
    throw new ProtocolError('ACCESS_DENIED', 'the ticket is for another path'); // C8
  }
  if (!isAllowed(destination.allow, caller, pathBelow(destination, url.path))) {
    throw new ProtocolError('ACCESS_DENIED', 'no rule of the destination allows it'); // C8
  }
  return { head, destination: onTermsOf(grant, destination), principal, grant, url };
};

/**
 * What comes over HTTP is refused where callers have to be known, before anybody looks at what they show, and without a
 * challenge: a client answers that by sending its password once more.
 * @throws ProtocolError ACCESS_DENIED
 */
export const assertEncrypted = (
  { scheme }: BitsRequest,
  { access }: Destination,
  { isHttpAllowed = false }: Access<Destination>,
): void => {
  if (isHttpAllowed || access.includes('none') || scheme.toLowerCase() === 'https') return;
  throw new ProtocolError('ACCESS_DENIED', 'the destination has credentials, and this came over HTTP');
};

/**
 * Who is calling, as far as the destination lets callers be known: of packets check C2, and the same of a reply.
 * @throws ProtocolError, any other error when it could not be found out
 */
export const callerOf = async (
  request: BitsRequest,
  tickets: readonly string[],
  opensSession: boolean,
  destination: Destination,
  access: Access<Destination>,
): Promise<Caller> => {
  const { identities, certificateTargetGroups } = access;
  assertEncrypted(request, destination, access);
  return authenticate(
    {
      headers: request.headers,
      tickets,
      opensSession,
      isCertificateVerified:
        certificateTargetGroups !== undefined &&
        targetGroupName(request.targetGroup).startsWith(certificateTargetGroups),
      principalFrom: destination.principalFrom,
    },
    destination,
    identities,
  );
};

/** The destination as a ticket narrows it. */
const onTermsOf = <D extends Destination>(grant: Grant | undefined, destination: D): D =>
  grant === undefined
    ? destination
    : {
        ...destination,
        maximumUploadBytes: Math.min(destination.maximumUploadBytes, grant.maximumUploadBytes),
        allowOverwrites: destination.allowOverwrites && grant.allowOverwrites,
      };

/** Who a packet is for; a session shows itself only to the claim it was created with (C10). */
export interface SessionClaim {
  readonly urlHash: string;
  readonly principal: string;
  /** Sessions that were not there by then are not the caller's, whoever began them. */
  readonly createdBeforeMs: number;
}

export const claimOf = ({ url, principal, grant }: Admission<Destination>): SessionClaim => ({
  urlHash: createHash('sha256').update(url.hashInput, 'utf8').digest('hex'),
  principal,
  createdBeforeMs: (grant?.expiresAtSeconds ?? Number.POSITIVE_INFINITY) * 1000,
});
