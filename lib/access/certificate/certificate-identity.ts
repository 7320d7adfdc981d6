import { ProtocolError } from '../../protocol/errors.ts';
import type { Identify } from '../identity.ts';
import { principalFault } from '../principal.ts';
import { parseDistinguishedName } from './distinguished-name.ts';

/** What the load balancer tells of a verified certificate [ELB User Guide, "Mutual authentication with TLS"]. */
const subjectHeader = 'X-Amzn-Mtls-Clientcert-Subject';

/**
 * The name of a target group in its ARN, which only the load balancer writes. Groups of the listener that verifies
 * certificates have names of their own, so no request can say that it came by that listener.
 */
export const targetGroupName = (arn: string): string =>
  /^arn:[\w-]+:elasticloadbalancing:[\w-]*:\d*:targetgroup\/([\w-]+)\//.exec(arn)?.[1] ?? '';

/**
 * The client certificate that the load balancer has verified. Called only for packets that came by its listener. A
 * principal is the whole subject as text, or the one attribute of it that the destination names (`principalFrom`).
 * Nobody says whether the load balancer takes out headers of that name which a client sends: its target groups hand over
 * every copy of a header, and where there are two, none is believed.
 */
export const certificateIdentity: Identify = async ({ headers, principalFrom }) => {
  const [subject, ...others] = headers.all(subjectHeader);
  if (subject === undefined || others.length > 0) {
    throw new ProtocolError('ACCESS_DENIED', 'not one certificate subject, but none or several');
  }
  const principal = principalOf(subject, principalFrom ?? 'subject');
  if (principal === undefined || principalFault(principal) !== undefined) {
    throw new ProtocolError('ACCESS_DENIED', `the certificate has no usable ${principalFrom ?? 'subject'}`);
  }
  return { kind: 'mtls', principal };
};

const principalOf = (subject: string, from: string): string | undefined => {
  if (from === 'subject') return subject;
  const attributes = parseDistinguishedName(subject) ?? [];
  const [value, ...others] = attributes.filter(({ type }) => type.toLowerCase() === from.toLowerCase());
  // Two values, and either could be meant.
  return others.length > 0 ? undefined : value?.value;
};
