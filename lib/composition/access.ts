import type { Access } from '../access/admit.ts';
import { basicIdentity } from '../access/basic/basic-identity.ts';
import { parseUsers } from '../access/basic/users.ts';
import { certificateIdentity } from '../access/certificate/certificate-identity.ts';
import type { AccessKind, Destination } from '../access/destination.ts';
import { CachedDocument } from '../access/document.ts';
import { documentReader, isDocumentAddress } from '../access/document-source.ts';
import type { Identify, Identities } from '../access/identity.ts';
import { parseTicketKeys } from '../access/ticket/keys.ts';
import { ticketIdentity } from '../access/ticket/ticket-identity.ts';
import { type Environment, logOf, required, type Settings, SettingsError } from './settings.ts';

/** The identities that destinations need, each made from its own variable: USERS_DOCUMENT, TICKET_KEYS_DOCUMENT, MTLS_TARGET_GROUPS. */
const makers: Readonly<Partial<Record<AccessKind, (settings: Settings) => Identify>>> = {
  mtls: () => certificateIdentity,
  ticket: (settings) =>
    ticketIdentity({
      keys: documentOf(settings, 'TICKET_KEYS_DOCUMENT', parseTicketKeys),
      nowMs: Date.now,
    }),
  basic: (settings) =>
    basicIdentity({ users: documentOf(settings, 'USERS_DOCUMENT', parseUsers), nowMs: Date.now }),
};

/**
 * What packets are admitted by. Nothing is read before the first packet that needs it.
 * @throws SettingsError naming a variable that a destination's `access` needs, or that makes no sense
 */
export const composeAccess = <D extends Destination>(
  settings: Settings,
  destinations: readonly D[],
): Access<D> => {
  const kinds = new Set(destinations.flatMap(({ access }) => access));
  const identities: Identities = Object.fromEntries(
    [...kinds].flatMap((kind) => {
      const make = makers[kind];
      return make === undefined ? [] : [[kind, make(settings)]];
    }),
  );
  const certificateTargetGroups = kinds.has('mtls')
    ? required(settings.environment, 'MTLS_TARGET_GROUPS')
    : undefined;
  return { destinations, identities, certificateTargetGroups, isHttpAllowed: isHttpAllowed(settings) };
};

/** ALLOW_HTTP, which only a deployment with the parameter `allowHttp` has, and the local stack. */
const isHttpAllowed = ({ environment }: Settings): boolean => {
  const text = environment['ALLOW_HTTP'] ?? '';
  if (text === 'true') return true;
  if (text === '' || text === 'false') return false;
  throw new SettingsError('BAD_VARIABLE', 'ALLOW_HTTP must be true or false');
};

const documentOf = <T>(
  settings: Settings,
  variable: string,
  parse: (text: string) => T,
): CachedDocument<T> => {
  const address = required(settings.environment, variable);
  if (!isDocumentAddress(address)) {
    throw new SettingsError('BAD_VARIABLE', `${variable} must be secretsmanager:ARN, ssm:NAME or file:PATH`);
  }
  const read = documentReader(address, extensionOf(settings.environment));
  return new CachedDocument({ read, parse, nowMs: Date.now, alarm: logOf(settings).alarm });
};

/** The extension's own variable, and the token that Lambda gives to whatever runs beside a function. */
export const extensionOf = (environment: Environment) => ({
  port: Number(environment['PARAMETERS_SECRETS_EXTENSION_HTTP_PORT'] ?? '2773'),
  token: environment['AWS_SESSION_TOKEN'] ?? '',
});
