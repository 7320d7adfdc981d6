import type { Destination } from '../../lib/access/destination.ts';
import { documentKeyStatements } from './document-keys.ts';
import { DeploymentError } from './errors.ts';
import { extensionLayerArn } from './extension-layer.ts';
import type { Parameters } from './parameters.ts';

/** A value that CloudFormation fills in. */
type Intrinsic = { readonly Ref: string } | { readonly 'Fn::Sub': string };

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: string;
  readonly Resource: readonly (string | Intrinsic)[];
  readonly Condition?: unknown;
}

/** What serverless.yml and infra/access-*.yml put in their places: `${self:custom.access.…}`. */
export interface AccessPlan {
  readonly parts: {
    readonly users: string;
    readonly documents: string;
    readonly extension: string;
    readonly trustStore: string;
    readonly certificateListener: string;
    readonly certificates: string;
  };
  /** Variables of the functions that have to know callers. */
  readonly environment: Readonly<Record<string, unknown>>;
  readonly extensionLayerArn: string;
  /** What these functions may read. */
  readonly statements: readonly Statement[];
  readonly trustStoreArn: string | Intrinsic;
  /** Where the bundle of CA certificates is. */
  readonly trustStoreBucket: string;
  readonly trustStoreKey: string;
  /** The port of our own second listener; `null` where there is none. */
  readonly certificatePort: number | null;
  readonly certificateListenerArn: string | Intrinsic;
  /** What a deployer should know and may have wanted. */
  readonly warnings: readonly string[];
  /** Why this may be looked at, but not deployed. */
  readonly undecided: string | null;
}

/** Nobody's trust store, as `placeholderCertificateArn` is nobody's certificate. */
export const placeholderTrustStoreArn =
  'arn:aws:elasticloadbalancing:us-east-1:000000000000:truststore/undecided/0000000000000000';

const nothing = 'nothing.yml';
const when = (condition: boolean, file: string): string => (condition ? file : nothing);

const warningsOf = (destinations: readonly Destination[], { allowHttp }: Parameters): readonly string[] =>
  destinations
    .filter(({ enabled }) => enabled)
    .flatMap(({ prefix, access }) => {
      if (access.includes('none'))
        return [`${prefix}: access: none lets everyone who reaches the URL upload`];
      return allowHttp
        ? [`${prefix}: over HTTP whoever is on the way reads passwords and tickets, and may use them`]
        : [];
    });

/**
 * What knowing callers takes, by the `access` of the destinations: nothing where all of them have `none`.
 * @throws DeploymentError for what no deployment could serve
 */
export const planAccess = (
  parameters: Parameters,
  destinations: readonly Destination[],
  { stage, region }: Readonly<{ stage: string; region: string }>,
): AccessPlan => {
  const kinds = new Set(destinations.flatMap(({ access }) => access));
  const [basic, ticket, mtls] = [kinds.has('basic'), kinds.has('ticket'), kinds.has('mtls')];
  const ownLoadBalancer = parameters.listenerArn === undefined;
  const problems: string[] = [];
  if (mtls && parameters.allowHttp) {
    problems.push('allowHttp: a destination has access: mtls, and certificates need HTTPS: leave it out');
  }
  if (mtls && !ownLoadBalancer && parameters.mtlsListenerArn === undefined) {
    problems.push('mtlsListenerArn: a destination has access: mtls; which listener verifies certificates?');
  }
  // A reply application's secret is read the same way.
  const reads =
    basic || ticket || destinations.some(({ reply }) => reply?.kind === 'http' && reply.secret !== null);
  const layerArn = parameters.extensionLayerArn ?? extensionLayerArn(region);
  if (reads && layerArn === undefined) {
    problems.push(
      `extensionLayerArn: which layer of AWS has the Parameters and Secrets extension in ${region}?`,
    );
  }
  if (problems.length > 0) throw new DeploymentError(problems);

  const users: string | Intrinsic = parameters.usersSecretArn ?? { Ref: 'UsersSecret' };
  const keysName = parameters.ticketKeysParameter ?? `/bits-s3/${stage}/ticket-keys`;
  const bundle = /^s3:\/\/([^/]+)\/(.+)$/.exec(parameters.trustStoreBundle ?? '');
  return {
    parts: {
      users: when(basic && parameters.usersSecretArn === undefined, 'access-users.yml'),
      documents: when(basic || ticket, 'access-documents.yml'),
      extension: when(reads, 'access-extension.yml'),
      trustStore: when(mtls && bundle !== null, 'access-trust-store.yml'),
      certificateListener: when(mtls && ownLoadBalancer, 'access-certificate-listener.yml'),
      certificates: when(mtls, 'access-certificates.yml'),
    },
    environment: {
      ...(basic ? { USERS_DOCUMENT: addressOf(users) } : {}),
      ...(ticket ? { TICKET_KEYS_DOCUMENT: `ssm:${keysName}` } : {}),
      ...((basic || ticket) && parameters.allowHttp ? { ALLOW_HTTP: 'true' } : {}),
      ...(mtls ? { MTLS_TARGET_GROUPS: `mtls-${stage}-` } : {}),
      // Our own memory is the cache: two of them would make a removed user last twice as long.
      ...(reads ? { PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED: 'false' } : {}),
    },
    extensionLayerArn: layerArn ?? '',
    statements: [
      ...(basic ? [allow('secretsmanager:GetSecretValue', [users])] : []),
      ...(ticket ? [allow('ssm:GetParameter', [parameterArn(keysName)])] : []),
      ...documentKeyStatements(parameters),
    ],
    trustStoreArn:
      parameters.trustStoreArn ?? (bundle === null ? placeholderTrustStoreArn : { Ref: 'TrustStore' }),
    trustStoreBucket: bundle?.[1] ?? '',
    trustStoreKey: bundle?.[2] ?? '',
    certificatePort: mtls && ownLoadBalancer ? parameters.mtlsPort : null,
    certificateListenerArn: parameters.mtlsListenerArn ?? { Ref: 'CertificateListener' },
    warnings: warningsOf(destinations, parameters),
    undecided:
      mtls && ownLoadBalancer && parameters.trustStoreArn === undefined && bundle === null
        ? 'a destination has access: mtls; whose certificates are good? Give --param trustStoreBundle=s3://BUCKET/KEY (the certificates of your CAs, PEM) or --param trustStoreArn=ARN'
        : null,
  };
};

const allow = (Action: string, Resource: Statement['Resource']): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
});

const addressOf = (secret: string | Intrinsic): string | Intrinsic =>
  typeof secret === 'string' ? `secretsmanager:${secret}` : { 'Fn::Sub': `secretsmanager:\${UsersSecret}` };

const parameterArn = (name: string): Intrinsic => ({
  'Fn::Sub': `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter${name}`,
});
