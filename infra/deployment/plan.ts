import type { Destination } from '../../lib/access/destination.ts';
import { DeploymentError } from './errors.ts';
import type { Parameters } from './parameters.ts';

/** A reference to a resource of the template. */
type Ref = { readonly Ref: string };

/** Files under infra/ that a deployment is made of; `nothing.yml` where it has no such part. */
interface Parts {
  readonly network: string;
  readonly loadBalancer: string;
  readonly listener: string;
  readonly domain: string;
  readonly keyAccess: string;
  readonly replyKeyAccess: string;
  readonly tagAccess: string;
  readonly firewall: string;
  readonly events: string;
}

/** What serverless.yml and infra/*.yml put in their places: `${self:custom.deployment.…}`. */
export interface DeploymentPlan {
  readonly parts: Parts;
  readonly listenerArn: string | Ref;
  readonly certificateArn: string;
  readonly tlsPolicy: string;
  readonly vpcId: string | Ref;
  readonly subnetIds: readonly (string | Ref)[];
  readonly scheme: string;
  /** Of the load balancer's security group. */
  readonly ingress: readonly Readonly<Record<string, string | number>>[];
  readonly url: unknown;
  readonly domainName: string;
  readonly hostedZoneId: string;
  /** Requests of one address in five minutes; 0 where none are counted. */
  readonly rateLimit: number;
  /** Text, as attributes of a load balancer are. */
  readonly deletionProtection: string;
  /** As S3 wants it in `ServerSideEncryptionConfiguration`. */
  readonly bucketEncryption: unknown;
  /** Every key that bytes are encrypted with. */
  readonly keyArns: readonly string[];
  /** Those that staging is, or was, encrypted with. */
  readonly stagingKeyArns: readonly string[];
  /** Where events of uploads go. */
  readonly eventBusName: string;
  readonly closeGraceSeconds: number;
  readonly sessionLifetimeSeconds: number;
  readonly logRetentionDays: number;
  readonly logLevel: string;
  /** Why this may be looked at, but not deployed. */
  readonly undecided: string | null;
}

/** Nobody's certificate: packaging needs no parameter, and the deployment is refused (`refusal.ts`). */
export const placeholderCertificateArn =
  'arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000';

const nothing = 'nothing.yml';
const when = (condition: boolean, file: string): string => (condition ? file : nothing);

/** What a security group takes, where nobody has asked AWS for more. */
const maxIngressRules = 60;

const httpsPort = 443;
const httpPort = 80;

/**
 * Checked parameters and destinations → the parts of the template and what stands in them. `certificatePort`: of a second listener that
 * verifies certificates, if there is one.
 * @throws DeploymentError for what AWS would not take
 */
export const planDeployment = (
  parameters: Parameters,
  destinations: readonly Pick<Destination, 'objects'>[],
  certificatePort: number | null = null,
): DeploymentPlan => {
  const { allowHttp, listenerArn, domainName, hostedZoneId, vpcId, subnetIds, kmsKeyArn } = parameters;
  const ownLoadBalancer = listenerArn === undefined;
  const ports = [allowHttp ? httpPort : httpsPort, ...(certificatePort === null ? [] : [certificatePort])];
  const rules = parameters.allowedCidrs.length * ports.length;
  if (ownLoadBalancer && rules > maxIngressRules) {
    throw new DeploymentError([
      `allowedCidrs: ${parameters.allowedCidrs.length} ranges on ${ports.length === 1 ? 'one port' : `${ports.length} ports`} are ${rules} rules, and a security group takes ${maxIngressRules}; give fewer, larger ranges`,
    ]);
  }
  const stagingKeyArns = [
    ...new Set([...(kmsKeyArn === undefined ? [] : [kmsKeyArn]), ...parameters.destinationKeyArns]),
  ];
  const keyArns = [
    ...new Set([
      ...stagingKeyArns,
      ...destinations.flatMap(({ objects: { encryption } }) =>
        encryption?.kind === 'kms' ? (encryption.keyArn ?? []) : [],
      ),
    ]),
  ];
  return {
    parts: {
      network: when(ownLoadBalancer && vpcId === undefined, 'network.yml'),
      loadBalancer: when(ownLoadBalancer, 'load-balancer.yml'),
      listener: when(ownLoadBalancer, allowHttp ? 'listener-http.yml' : 'listener-https.yml'),
      domain: when(hostedZoneId !== undefined, 'domain.yml'),
      keyAccess: when(keyArns.length > 0, 'key-access.yml'),
      replyKeyAccess: when(stagingKeyArns.length > 0, 'reply-key-access.yml'),
      firewall: when(parameters.rateLimit !== undefined, 'waf.yml'),
      tagAccess: when(
        destinations.some(({ objects }) => Object.keys(objects.tags).length > 0),
        'tag-access.yml',
      ),
      events: when(parameters.events, 'events.yml'),
    },
    listenerArn: listenerArn ?? { Ref: 'Listener' },
    certificateArn: parameters.certificateArn ?? placeholderCertificateArn,
    tlsPolicy: parameters.tlsPolicy,
    vpcId: vpcId ?? { Ref: 'Vpc' },
    subnetIds: subnetIds ?? [{ Ref: 'SubnetA' }, { Ref: 'SubnetB' }],
    scheme: parameters.scheme,
    ingress: ports.flatMap((port) =>
      parameters.allowedCidrs.map((CidrIp) => ({
        IpProtocol: 'tcp',
        FromPort: port,
        ToPort: port,
        CidrIp,
        Description: 'BITS clients',
      })),
    ),
    url: urlOf(parameters),
    domainName: domainName ?? '',
    hostedZoneId: hostedZoneId ?? '',
    rateLimit: parameters.rateLimit ?? 0,
    deletionProtection: String(parameters.deletionProtection),
    bucketEncryption:
      kmsKeyArn === undefined
        ? { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }
        : {
            ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: kmsKeyArn },
            // One call to KMS for many objects, where each fragment would pay for its own.
            BucketKeyEnabled: true,
          },
    keyArns,
    stagingKeyArns,
    eventBusName: parameters.eventBusName,
    closeGraceSeconds: parameters.closeGraceSeconds,
    sessionLifetimeSeconds: parameters.sessionLifetimeSeconds,
    logRetentionDays: parameters.logRetentionDays,
    logLevel: parameters.logLevel,
    undecided:
      ownLoadBalancer && !allowHttp && parameters.certificateArn === undefined
        ? 'how do clients reach it? Give --param certificateArn=ARN (HTTPS), --param listenerArn=ARN (a load balancer that is there), or --param allowHttp=true (no encryption: for tests)'
        : null,
  };
};

const urlOf = ({ allowHttp, domainName }: Parameters): unknown => {
  const scheme = allowHttp ? 'http' : 'https';
  if (domainName !== undefined) return `${scheme}://${domainName}/`;
  return { 'Fn::Sub': `${scheme}://\${LoadBalancer.DNSName}/` };
};
