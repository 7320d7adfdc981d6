import { z } from 'zod';
import { defaultTimers } from '../../lib/session/timers.ts';
import { didYouMean } from '../config/suggest.ts';
import { DeploymentError } from './errors.ts';

/** The one message of a value that is not what it should be. */
const expected =
  (form: string) =>
  ({ input }: { readonly input?: unknown }): string =>
    `must be ${form}, not ${JSON.stringify(input)}`;

/** Values come from a command line as texts, and from `params` in serverless.yml as what YAML makes of them. */
const text = (pattern: RegExp, form: string) =>
  z.string({ error: expected(form) }).regex(pattern, { error: expected(form) });

const flag = () =>
  z
    .union([z.boolean(), z.enum(['true', 'false'])], {
      error: expected('true or false'),
    })
    .transform((value) => value === true || value === 'true');

/** `a,b` or a YAML list. */
const list = (pattern: RegExp, form: string) =>
  z
    .union([
      z.string().transform((value) => value.split(',').map((item) => item.trim())),
      z.array(z.string()),
    ])
    .pipe(z.array(text(pattern, form)).min(1));

const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, {
    error: expected(values.join(', ')),
  });

const arn = (service: string, resource: string) =>
  new RegExp(`^arn:aws[\\w-]*:${service}:[a-z0-9-]+:\\d{12}:${resource}$`);
const keyArn = arn('kms', 'key/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})');
const keyForm = 'the ARN of a KMS key (not of an alias): arn:aws:kms:REGION:ACCOUNT:key/ID';
const ipv4Range = /^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)\/(3[0-2]|[12]?\d)$/;

/** Up to the hard end of every session, which the lifecycle rules of the buckets come after. */
const wholeSeconds = (standard: number) =>
  z.coerce
    .number()
    .refine((value) => Number.isInteger(value) && value >= 1 && value <= defaultTimers.lifetimeSeconds, {
      error: expected(`a whole number of seconds from 1 to ${defaultTimers.lifetimeSeconds}`),
    })
    .default(standard);

/** How long CloudWatch Logs can be told to keep a log, in days. */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/**
 * What a deployment may be told with `--param NAME=VALUE` or under `params` in serverless.yml. The table with the reasons
 * for the defaults: docs/deployment.md.
 */
export const parametersSchema = z.strictObject({
  destinations: text(/^\S(.*\S)?$/, 'the path of a destinations file').default('infra/destinations.yml'),
  certificateArn: text(arn('acm', 'certificate/[\\w-]+'), 'the ARN of a certificate in ACM').optional(),
  allowHttp: flag().default(false),
  listenerArn: text(
    arn('elasticloadbalancing', 'listener/app/[\\w-]+/\\w+/\\w+'),
    'the ARN of a listener of an Application Load Balancer',
  ).optional(),
  domainName: text(
    /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    'a host name such as bits.example.com',
  ).optional(),
  hostedZoneId: text(/^Z[A-Z0-9]{3,31}$/, 'the id of a hosted zone in Route 53').optional(),
  vpcId: text(/^vpc-[0-9a-f]+$/, 'the id of a VPC').optional(),
  subnetIds: list(/^subnet-[0-9a-f]+$/, 'the ids of subnets, with commas between').optional(),
  scheme: oneOf(['internet-facing', 'internal']).default('internet-facing'),
  allowedCidrs: list(ipv4Range, 'IPv4 ranges such as 198.51.100.0/24, with commas between').default([
    '0.0.0.0/0',
  ]),
  tlsPolicy: text(/^ELBSecurityPolicy-[\w-]+$/, 'the name of a security policy of the load balancer').default(
    'ELBSecurityPolicy-TLS13-1-2-2021-06',
  ),
  rateLimit: z.coerce
    .number()
    .refine((requests) => Number.isInteger(requests) && requests >= 100 && requests <= 2_000_000_000, {
      error: expected('a whole number of requests from 100 to 2000000000'),
    })
    .optional(),
  deletionProtection: flag().default(true),
  kmsKeyArn: text(keyArn, keyForm).optional(),
  destinationKeyArns: list(keyArn, keyForm).default([]),
  usersSecretArn: text(
    // A policy compares the whole ARN: without its end nobody could read the secret.
    arn('secretsmanager', 'secret:[\\w/+=.@-]+-[A-Za-z0-9]{6}'),
    'the whole ARN of a secret in Secrets Manager, which ends with - and six characters',
  ).optional(),
  ticketKeysParameter: text(
    /^\/[\w.-]+(\/[\w.-]+)*$/,
    'the name of a parameter in Parameter Store, with / in front',
  ).optional(),
  documentKeyArns: list(keyArn, keyForm).default([]),
  extensionLayerArn: text(arn('lambda', 'layer:[\\w-]+:\\d+'), 'the ARN of a version of a layer').optional(),
  trustStoreBundle: text(
    /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/\S+$/,
    'where the certificates of your CAs are: s3://BUCKET/KEY',
  ).optional(),
  trustStoreArn: text(
    arn('elasticloadbalancing', 'truststore/[\\w-]+/\\w+'),
    'the ARN of a trust store of the load balancer',
  ).optional(),
  mtlsPort: z.coerce
    .number()
    .refine((port) => Number.isInteger(port) && port > 0 && port < 65_536 && port !== 80 && port !== 443, {
      error: expected('a port of 1 to 65535, other than 80 and 443'),
    })
    .default(8443),
  mtlsListenerArn: text(
    arn('elasticloadbalancing', 'listener/app/[\\w-]+/\\w+/\\w+'),
    'the ARN of a listener of an Application Load Balancer',
  ).optional(),
  events: flag().default(true),
  eventBusName: text(
    /^(?!aws\.)[\w./-]{1,256}$/,
    'the name of an event bus of the account and region',
  ).default('default'),
  closeGraceSeconds: wholeSeconds(defaultTimers.closeGraceSeconds),
  sessionLifetimeSeconds: wholeSeconds(defaultTimers.lifetimeSeconds),
  logRetentionDays: z.coerce
    .number()
    .refine((days) => retentionDays.includes(days), {
      error: expected(`one of ${retentionDays.join(', ')}`),
    })
    .default(30),
  logLevel: oneOf(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
});

export type Parameters = z.output<typeof parametersSchema>;

export const parameterNames: readonly string[] = Object.keys(parametersSchema.shape);

/** Target groups are named after the stage, and their names end at 32 characters. */
const stagePattern = /^[a-z][a-z0-9-]{0,10}[a-z0-9]$|^[a-z]$/;

const regional = [
  'certificateArn',
  'listenerArn',
  'kmsKeyArn',
  'destinationKeyArns',
  'usersSecretArn',
  'documentKeyArns',
  'extensionLayerArn',
  'trustStoreArn',
  'mtlsListenerArn',
] as const;

/** As EC2 takes a range: without what lies beyond its prefix. */
const networkOf = (range: string): string => {
  const [address = '', bits = ''] = range.split('/');
  const number = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(bits));
  return `${Math.floor(number / size)}/${bits}`;
};

const impossiblePairs = (given: Parameters, region: string): readonly string[] => {
  const has = (name: keyof Parameters): boolean => given[name] !== undefined;
  const problems: string[] = [];
  if (given.allowHttp && has('certificateArn')) {
    problems.push(
      'allowHttp: with certificateArn the listener is HTTPS, and clients could not reach it by HTTP',
    );
  }
  for (const name of regional) {
    for (const itsArn of [given[name] ?? []].flat()) {
      const itsRegion = itsArn.split(':')[3];
      if (itsRegion !== region) {
        problems.push(`${name}: is in ${itsRegion}, and the deployment in ${region}; give --region too`);
      }
    }
  }
  if (has('listenerArn')) {
    for (const name of ['certificateArn', 'vpcId', 'subnetIds', 'hostedZoneId', 'rateLimit'] as const) {
      if (has(name))
        problems.push(`${name}: belongs to a load balancer of our own, and listenerArn names another`);
    }
  }
  if (has('trustStoreBundle') && has('trustStoreArn')) {
    problems.push('trustStoreBundle: trustStoreArn names a trust store that is there already');
  }
  if (has('mtlsListenerArn') && !has('listenerArn')) {
    problems.push(
      'mtlsListenerArn: the listener of our own load balancer is made; only together with listenerArn',
    );
  }
  if (has('mtlsListenerArn') && given.mtlsListenerArn === given.listenerArn) {
    problems.push(
      'mtlsListenerArn: is listenerArn too; a listener that verifies certificates is another than the one that does not',
    );
  }
  const twice = given.allowedCidrs.filter(
    (range, index, all) => all.findIndex((other) => networkOf(other) === networkOf(range)) < index,
  );
  if (twice.length > 0) problems.push(`allowedCidrs: there twice: ${twice.join(', ')}`);
  if (has('vpcId') !== has('subnetIds')) {
    problems.push('vpcId, subnetIds: an existing network needs both');
  }
  if (given.subnetIds !== undefined && new Set(given.subnetIds).size < 2) {
    problems.push('subnetIds: a load balancer needs two subnets in different zones');
  }
  if (given.scheme === 'internal' && !has('vpcId')) {
    problems.push(
      'scheme: nobody could reach an internal load balancer in a network of its own; give vpcId too',
    );
  }
  if (has('listenerArn') && !has('domainName')) {
    problems.push('domainName: under which name do clients reach the listener that listenerArn names?');
  }
  if (!given.events && given.eventBusName !== 'default') {
    problems.push('eventBusName: nothing is sent there with events=false');
  }
  if (has('hostedZoneId') && !has('domainName')) {
    problems.push('hostedZoneId: the record needs a name; give domainName too');
  }
  return problems;
};

interface Place {
  readonly stage: string;
  readonly region: string;
  /** Of the command. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * The parameters of one deployment, checked, with defaults in place. Absent ones are `undefined` or `null` in `raw`.
 * @throws DeploymentError with every problem at once
 */
export const readParameters = (
  raw: Readonly<Record<string, unknown>>,
  { stage, region, environment = {} }: Place,
): Parameters => {
  const given = Object.fromEntries(
    Object.entries(raw).filter(([, value]) => value !== undefined && value !== null),
  );
  const problems = Object.keys(given)
    .filter((name) => !parameterNames.includes(name))
    .map((name) => `${name}: unknown parameter${didYouMean(name, parameterNames)}`);
  if (!stagePattern.test(stage)) {
    problems.push(
      `stage: must be up to 12 of a-z, 0-9 and -, beginning with a letter, not ${JSON.stringify(stage)}`,
    );
  }
  // The file of `npm start`. A deployment that fell back to another would open what the right one closes.
  if (environment['DESTINATIONS'] !== undefined && given['destinations'] === undefined) {
    problems.push(
      'destinations: the variable DESTINATIONS is for npm start; write the file down under params in serverless.yml, or give --param destinations=FILE',
    );
  }
  const known = Object.fromEntries(Object.entries(given).filter(([name]) => parameterNames.includes(name)));
  const parsed = parametersSchema.safeParse(known);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`));
    throw new DeploymentError(problems);
  }
  problems.push(...impossiblePairs(parsed.data, region));
  if (problems.length > 0) throw new DeploymentError(problems);
  return parsed.data;
};
