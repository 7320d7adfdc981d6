import { z } from 'zod';
import { type Check, ofType, type Resource, show, type Template } from '../template.ts';

const attributesSchema = z.looseObject({
  LoadBalancerAttributes: z.array(z.strictObject({ Key: z.string(), Value: z.unknown() })),
});

const attributesOf = ({ Properties }: Resource): ReadonlyMap<string, unknown> => {
  const { LoadBalancerAttributes } = attributesSchema.parse(Properties);
  return new Map(LoadBalancerAttributes.map(({ Key, Value }) => [Key, Value]));
};

const expectedAttributes: Readonly<Record<string, string>> = {
  'routing.http.desync_mitigation_mode': 'defensive',
  'routing.http2.enabled': 'false',
  'idle_timeout.timeout_seconds': '300',
  'routing.http.drop_invalid_header_fields.enabled': 'true',
  'access_logs.s3.enabled': 'true',
};

/** HTTP/1.1 read strictly, long answers waited for, every request logged. */
export const carefulLoadBalancer: Check = (template) =>
  ofType(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer').flatMap(([id, resource]) => {
    const attributes = attributesOf(resource);
    return [
      ...Object.entries(expectedAttributes)
        .filter(([key, value]) => attributes.get(key) !== value)
        .map(([key, value]) => `${id}: ${key}: ${show(attributes.get(key))}, not ${value}`),
      ...(show(attributes.get('access_logs.s3.bucket')) === '{"Ref":"AccessLogBucket"}'
        ? []
        : [`${id}: access_logs.s3.bucket: not the bucket that is there for it`]),
      ...(attributes.has('deletion_protection.enabled') ? [] : [`${id}: deletion protection is left open`]),
      ...(resource.DependsOn?.includes('AccessLogBucketPolicy') === true
        ? []
        : [`${id}: is created before it may write its log`]),
    ];
  });

const listenerSchema = z.looseObject({
  Protocol: z.string(),
  SslPolicy: z.string().optional(),
  DefaultActions: z.tuple([
    z.strictObject({
      Type: z.literal('fixed-response'),
      FixedResponseConfig: z.strictObject({ StatusCode: z.literal('404') }),
    }),
  ]),
});

/** What is not BITS is answered 404 without a function; clients come by the protocol that was asked for. */
export const listenerOf =
  (protocol: 'HTTP' | 'HTTPS'): Check =>
  (template) => {
    const listeners = ofType(template, 'AWS::ElasticLoadBalancingV2::Listener');
    const problems = listeners.flatMap(([id, { Properties }]) => {
      const parsed = listenerSchema.safeParse(Properties);
      if (!parsed.success) {
        return parsed.error.issues.map((issue) => `${id}: ${issue.path.join('.')}: ${issue.message}`);
      }
      const { Protocol, SslPolicy } = parsed.data;
      return [
        ...(Protocol === protocol ? [] : [`${id}: ${Protocol}, not ${protocol}`]),
        ...(Protocol === 'HTTPS' && SslPolicy?.includes('TLS13') !== true
          ? [`${id}: ${SslPolicy ?? 'the oldest policy'} allows outdated TLS`]
          : []),
      ];
    });
    const open = listeners.filter(([, { Properties }]) => Properties['MutualAuthentication'] === undefined);
    return open.length === 1 ? problems : [`${open.length} listeners without certificates`, ...problems];
  };

const idleTimeoutSeconds = 300;

const functionSchema = z.looseObject({
  Runtime: z.literal('nodejs24.x'),
  Architectures: z.tuple([z.literal('arm64')]),
  Timeout: z.int(),
  MemorySize: z.int().min(128),
  FunctionName: z.string(),
});

const logGroupsOf = (template: Template, functionName: string) =>
  ofType(template, 'AWS::Logs::LogGroup').filter(
    ([, { Properties }]) => Properties['LogGroupName'] === `/aws/lambda/${functionName}`,
  );

const behindTheLoadBalancer = (template: Template): string =>
  show(ofType(template, 'AWS::ElasticLoadBalancingV2::TargetGroup'));

/** The runtime that is supported longest, answers before the load balancer gives up, and logs that end some day. */
export const soundFunctions: Check = (template) =>
  ofType(template, 'AWS::Lambda::Function').flatMap(([id, { Properties }]) => {
    const parsed = functionSchema.safeParse(Properties);
    if (!parsed.success) {
      return parsed.error.issues.map((issue) => `${id}: ${issue.path.join('.')}: ${issue.message}`);
    }
    const groups = logGroupsOf(template, parsed.data.FunctionName);
    const isWaitedFor = behindTheLoadBalancer(template).includes(`"${id}"`);
    return [
      ...(isWaitedFor && parsed.data.Timeout >= idleTimeoutSeconds
        ? [`${id}: Timeout: ${parsed.data.Timeout} s, and the load balancer waits ${idleTimeoutSeconds}`]
        : []),
      ...(groups.length === 1 ? [] : [`${id}: no log group`]),
      ...groups
        .filter(([, group]) => typeof group.Properties['RetentionInDays'] !== 'number')
        .map(([groupId]) => `${groupId}: keeps its lines for ever`),
    ];
  });

const timersSchema = z.looseObject({
  Environment: z.looseObject({
    Variables: z.looseObject({ CLOSE_GRACE_SECONDS: z.string(), SESSION_LIFETIME_SECONDS: z.string() }),
  }),
});

/** What one function writes down about a session's end, the others read: all of them have the same timers. */
export const oneLifeOfSessions: Check = (template) => {
  const functions = ofType(template, 'AWS::Lambda::Function');
  const timers = functions.map(([id, { Properties }]) => {
    const parsed = timersSchema.safeParse(Properties);
    if (!parsed.success) return [id, 'no timers'] as const;
    const { CLOSE_GRACE_SECONDS, SESSION_LIFETIME_SECONDS } = parsed.data.Environment.Variables;
    return [id, `${CLOSE_GRACE_SECONDS} s and ${SESSION_LIFETIME_SECONDS} s`] as const;
  });
  const [[, first = ''] = []] = timers;
  return timers.filter(([, own]) => own !== first).map(([id, own]) => `${id}: ${own}, others ${first}`);
};
